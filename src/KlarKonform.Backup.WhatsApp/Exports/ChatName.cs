using System.Text;
using System.Text.RegularExpressions;

namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>Finds a chat's text among an export's files, and the chat's name in the names of files.</summary>
public static partial class ChatName
{
    /// <summary>The text's name in iOS exports; the chat's name is in that of the ZIP or folder.</summary>
    public const string IosText = "_chat.txt";

    /// <summary>Whether a file may be an export's text.</summary>
    public static bool IsText(string name) => name.EndsWith(".txt", StringComparison.OrdinalIgnoreCase);

    /// <summary>The chat's name: out of the text's own name, or out of that of the container around it.</summary>
    /// <param name="text">Name of the text file.</param>
    /// <param name="container">Name of the ZIP or folder that it lies in; may be empty.</param>
    public static string Of(string text, string container)
    {
        var name = string.Equals(text, IosText, StringComparison.OrdinalIgnoreCase) && container.Length > 0 ? container : text;
        if (name.EndsWith(".txt", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".zip", StringComparison.OrdinalIgnoreCase))
            name = name[..^4];
        name = BidiMarks.Strip(name.Normalize(NormalizationForm.FormC)).Trim();
        name = Copy().Replace(name, "").Trim();
        name = Prefix().Replace(name, "").Trim();
        return name.Length > 0 ? name : "WhatsApp";
    }

    // "WhatsApp Chat mit X", "WhatsApp Chat - X", "WhatsApp-Chat mit X"; other languages put their own word there.
    [GeneratedRegex(@"^(?:WhatsApp[ -]Chat|Chat de WhatsApp|Discussion WhatsApp|Chat WhatsApp)(?: (?:mit|with|con|avec|com|met) | ?[-–] ?)", RegexOptions.CultureInvariant)]
    private static partial Regex Prefix();

    // What browsers and file managers add to a name that is there already.
    [GeneratedRegex(@"(?: ?\(\d{1,3}\)| - (?:Kopie|Copy)(?: \(\d{1,3}\))?)$", RegexOptions.CultureInvariant)]
    private static partial Regex Copy();
}
