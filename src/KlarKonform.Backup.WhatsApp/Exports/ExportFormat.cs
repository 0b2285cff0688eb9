using System.Text;

namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>How one export writes its times: an export is made by one phone at one moment, so all its lines are of one form.</summary>
/// <param name="Style">What stands around the time.</param>
/// <param name="Separator">Between the date's parts: a point, slash or hyphen, or 年 for the form with the three signs.</param>
/// <param name="YearDigits">Two or four.</param>
/// <param name="HasSeconds">Whether seconds are given.</param>
/// <param name="HasHalves">Whether the day has two times twelve hours.</param>
/// <param name="Order">Order of the date's parts.</param>
public sealed record ExportFormat(ExportStyle Style, char Separator, int YearDigits, bool HasSeconds, bool HasHalves, DateOrder Order)
{
    /// <summary>Whether no line tells day and month apart: the order is what phones of that form usually have.</summary>
    public bool IsOrderAssumed { get; init; }

    /// <summary>Whether the time comes before the date, as in Vietnamese.</summary>
    public bool TimeFirst { get; init; }

    /// <summary>How the text's bytes are to be read; never with a byte order mark of its own.</summary>
    public Encoding Encoding { get; init; } = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Whether the file begins with a byte order mark, which is none of the text.</summary>
    public bool HasByteOrderMark { get; init; }

    /// <summary>What words that no table knows say in this file.</summary>
    internal IReadOnlyDictionary<string, DayHalf> Learnt { get; init; } = s_nothing;

    /// <summary>The words behind the names of attached files, when the file has words of its own.</summary>
    internal string? AttachedWords { get; init; }

    /// <summary>What stands in pointed brackets, alone, again and again: media that were left out, in a language that no table knows.</summary>
    internal IReadOnlySet<string> OmittedMarks { get; init; } = s_noMarks;

    /// <summary>Names with a colon, by what stands before it.</summary>
    internal IReadOnlyDictionary<string, string> LongNames { get; init; } = s_noNames;

    private static readonly Dictionary<string, DayHalf> s_nothing = [];
    private static readonly HashSet<string> s_noMarks = [];
    private static readonly Dictionary<string, string> s_noNames = [];
}
