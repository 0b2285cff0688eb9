using System.Globalization;
using System.Net;

namespace KlarKonform.Backup.Engine.Formats;

/// <summary>Text as HTML, whoever wrote it.</summary>
internal static class Html
{
    /// <summary>The language of the pages.</summary>
    public static string Language => CultureInfo.CurrentUICulture.TwoLetterISOLanguageName == "de" ? "de" : "en";

    /// <summary>How dates and numbers are written: in the page's language.</summary>
    public static CultureInfo Culture => CultureInfo.GetCultureInfo(Language == "de" ? "de-DE" : "en-GB");

    /// <summary>Any text as HTML, in attributes too; characters that a page must not contain become the replacement character.</summary>
    public static string Encode(string? text)
    {
        if (text is null)
            return "";
        if (text.Any(sign => char.IsControl(sign) && sign is not ('\n' or '\t')))
            text = string.Concat(
                text.Select(sign =>
                    sign == '\r' ? ""
                    : char.IsControl(sign) && sign is not ('\n' or '\t') ? "\uFFFD"
                    : sign.ToString()
                )
            );
        return WebUtility.HtmlEncode(text);
    }

    /// <summary>A name without characters that change the direction of the following text.</summary>
    public static string Straight(string name) =>
        string.Concat(name.Where(sign => sign is not ((>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069'))));
}
