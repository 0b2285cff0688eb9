using System.Text;
using System.Text.RegularExpressions;

namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>Finds a chat's text among an export's files, and the chat's name in file names.</summary>
public static partial class ChatName
{
    /// <summary>Whether a file may be an export's text.</summary>
    public static bool IsText(string name) => Text().IsMatch(name);

    /// <summary>
    /// Whether it has the name that iOS gives every chat's text (<c>_chat.txt</c>, or a copy of it): then the name of the ZIP or folder
    /// contains the chat's name.
    /// </summary>
    public static bool IsNameless(string text) => Nameless().IsMatch(text);

    /// <summary>The chat's name: from the text's own name, or from that of its container.</summary>
    /// <param name="text">Name of the text file.</param>
    /// <param name="container">Name of the ZIP or folder that contains it; may be empty.</param>
    /// <returns>The name, including anything that a browser or the telephone added to distinguish copies; null if no name says whose chat
    /// it is.</returns>
    public static string? Of(string text, string container)
    {
        var name = IsNameless(text) ? container : text;
        if (name.Length == 0 || IsNameless(name + ".txt"))
            return null;
        while (Ending().Match(name) is { Success: true } ending)
            name = name[..ending.Index] + ending.Groups["copy"].Value;
        name = BidiMarks.Strip(Normalised(name)).Trim();
        name = Prefix().Replace(name, "").Trim();
        return name.Length > 0 ? name : null;
    }

    /// <summary>The name without what browsers, telephones and file managers add to an existing name; null if nothing was added.</summary>
    public static string? WithoutCopy(string name)
    {
        var without = Copy().Replace(name, "").Trim();
        return without.Length > 0 && without != name ? without : null;
    }

    /// <summary>
    /// What two spellings of one name have in common: without what file names cannot contain (telephones replace it with <c>_</c> or
    /// <c>-</c>, or nothing), without marks, in one case.
    /// </summary>
    public static string KeyOf(string name)
    {
        var key = new StringBuilder(name.Length);
        foreach (var rune in Normalised(name).EnumerateRunes())
        {
            if (Rune.IsLetterOrDigit(rune) || (!rune.IsAscii && !Rune.IsWhiteSpace(rune) && !IsMark(rune)))
                key.Append(Rune.ToUpperInvariant(rune).ToString());
        }

        return key.Length > 0 ? key.ToString() : name;
    }

    private static bool IsMark(Rune rune) => (rune.IsBmp && BidiMarks.IsMark((char)rune.Value)) || rune.Value is 0xFE0F or 0xFE0E;

    // Unpaired surrogates cannot be normalised.
    private static string Normalised(string name) =>
        name.EnumerateRunes().Any(rune => rune == Rune.ReplacementChar) ? name : name.Normalize(NormalizationForm.FormC);

    [GeneratedRegex(
        @"^_chat(?: ?\(\d{1,3}\)| \d{1,3}| - (?:Kopie|Copy|Copia|Copie)(?: \(\d{1,3}\))?)?\.txt$",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase
    )]
    private static partial Regex Nameless();

    // Copies, and files that a telephone shares without an extension.
    [GeneratedRegex(@"\.txt(?: ?\(\d{1,3}\)|\.\d{1,3})?$|^WhatsApp[ -]Chat[^.]*$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Text();

    // ".zip", ".txt", ".zip.zip"; ".zip (1)" keeps its number.
    [GeneratedRegex(@"\.(?:txt|zip)(?<copy> ?\(\d{1,3}\))?(?:\.\d{1,3})?$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Ending();

    // "WhatsApp Chat mit X", "WhatsApp Chat - X", "WhatsApp-Chat mit X"; other languages use their own words.
    [GeneratedRegex(
        @"^(?:WhatsApp[ -]Chat|Chat de WhatsApp|Discussion WhatsApp|Chat WhatsApp|Conversa do WhatsApp)"
            + @"(?: (?:mit|with|con|avec|com|met) | ?[-–] ?)",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase
    )]
    private static partial Regex Prefix();

    [GeneratedRegex(
        @"(?: ?\(\d{1,3}\)| - (?:Kopie|Copy|Copia|Copie)(?: \(\d{1,3}\))?)$",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase
    )]
    private static partial Regex Copy();
}
