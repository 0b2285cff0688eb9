using System.Text;

namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>How one export writes times: an export is made by one phone at one time, so all its lines have the same form.</summary>
/// <param name="Style">What surrounds the time.</param>
/// <param name="Separator">Between the parts of the date: a dot, slash or hyphen, or 年 for the form with the three characters.</param>
/// <param name="YearDigits">Two or four.</param>
/// <param name="HasSeconds">Whether seconds are given.</param>
/// <param name="HasHalves">Whether it uses a 12-hour clock.</param>
/// <param name="Order">Order of the date's parts.</param>
public sealed record ExportFormat(ExportStyle Style, char Separator, int YearDigits, bool HasSeconds, bool HasHalves, DateOrder Order)
{
    /// <summary>Whether no line distinguishes day and month: then the order is what phones with this form usually have.</summary>
    public bool IsOrderAssumed { get; init; }

    /// <summary>Whether the time comes before the date, as in Vietnamese.</summary>
    public bool TimeFirst { get; init; }

    /// <summary>The encoding of the text; never with a byte order mark of its own.</summary>
    public Encoding Encoding { get; init; } = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Whether the file begins with a byte order mark, which is not part of the text.</summary>
    public bool HasByteOrderMark { get; init; }

    /// <summary>The meaning in this file of words that no table knows.</summary>
    internal IReadOnlyDictionary<string, DayHalf> Learnt { get; init; } = s_nothing;

    /// <summary>The words after the names of attached files, if the file has words of its own.</summary>
    internal string? AttachedWords { get; init; }

    /// <summary>Repeated lines that consist only of angle brackets: omitted media, in a language that no table knows.</summary>
    internal IReadOnlySet<string> OmittedMarks { get; init; } = s_noMarks;

    /// <summary>Names with a colon, by the part before it.</summary>
    internal IReadOnlyDictionary<string, string> LongNames { get; init; } = s_noNames;

    private static readonly Dictionary<string, DayHalf> s_nothing = [];
    private static readonly HashSet<string> s_noMarks = [];
    private static readonly Dictionary<string, string> s_noNames = [];
}
