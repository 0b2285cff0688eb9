namespace KlarKonform.Backup.Engine.Restore;

/// <summary>A cell of a CSV file (RFC 4180) for spreadsheets.</summary>
internal static class SpreadsheetCell
{
    // What spreadsheets take for the beginning of a formula, or skip before one (OWASP, "CSV Injection"), including the full-width forms of
    // Asian keyboards.
    private const string Beginnings = "=+-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20";

    private static readonly System.Buffers.SearchValues<char> s_quoted = System.Buffers.SearchValues.Create("\"\r\n,;\t");

    /// <summary>
    /// The text as it is written to the file. What looks like a formula is disarmed: a name from the cloud must not become a command.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="separator">What separates the cells.</param>
    public static string Of(string text, string separator)
    {
        if (text.Length > 0 && Beginnings.Contains(text[0], StringComparison.Ordinal) && !IsNumber(text))
            text = "'" + text;
        return text.Contains(separator, StringComparison.Ordinal) || text.AsSpan().ContainsAny(s_quoted)
            ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
            : text;
    }

    // A telephone number, or a negative number.
    private static bool IsNumber(string text) =>
        text[0] is '+' or '-' && text[1..].All(sign => char.IsAsciiDigit(sign) || sign is ' ' or '-' or '/' or '(' or ')');
}
