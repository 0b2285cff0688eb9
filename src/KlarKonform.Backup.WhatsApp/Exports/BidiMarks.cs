using System.Text;

namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>The invisible characters that WhatsApp puts between names, numbers and its own words.</summary>
internal static class BidiMarks
{
    /// <summary>Left-to-right mark: on iOS it precedes what WhatsApp itself says.</summary>
    public const char LeftToRight = '\u200E';

    public static bool IsMark(char sign) =>
        sign is '\u200E' or '\u200F' or '\u061C' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') or '\uFEFF';

    /// <summary>Right-to-left mark: takes the place of <see cref="LeftToRight"/> in Arabic, Hebrew, Persian and Urdu.</summary>
    public const char RightToLeft = '\u200F';

    /// <summary>Whether a character is WhatsApp's own mark.</summary>
    public static bool IsOwn(char sign) => sign is LeftToRight or RightToLeft;

    /// <summary>Spaces of all widths, including tabs.</summary>
    public static bool IsAnyBlank(char sign) =>
        sign == '\t' || char.GetUnicodeCategory(sign) == System.Globalization.UnicodeCategory.SpaceSeparator;

    /// <summary>Spaces of the widths that WhatsApp writes.</summary>
    public static bool IsBlank(char sign) => sign is ' ' or '\u00A0' or '\u202F' or '\u2009';

    /// <summary>The text without marks, with plain spaces.</summary>
    public static string Strip(string text)
    {
        if (!text.AsSpan().ContainsAny(s_all))
            return text;
        var plain = new StringBuilder(text.Length);
        foreach (var sign in text)
        {
            if (!IsMark(sign))
                plain.Append(IsBlank(sign) ? ' ' : sign);
        }

        return plain.ToString();
    }

    private static readonly System.Buffers.SearchValues<char> s_all = System.Buffers.SearchValues.Create(
        "\u200E\u200F\u061C\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069\uFEFF\u00A0\u202F\u2009"
    );
}
