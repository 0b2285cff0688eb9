namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>How one export writes its times: an export is made by one phone at one moment, so all its lines are of one form.</summary>
/// <param name="Style">What stands around the time.</param>
/// <param name="Separator">Between the date's parts.</param>
/// <param name="YearDigits">Two or four.</param>
/// <param name="HasSeconds">Whether seconds are given.</param>
/// <param name="HasHalves">Whether the day has two times twelve hours.</param>
/// <param name="Order">Order of the date's parts.</param>
public sealed record ExportFormat(ExportStyle Style, char Separator, int YearDigits, bool HasSeconds, bool HasHalves, DateOrder Order)
{
    /// <summary>Whether no line tells day and month apart: the order is what phones of that form usually have.</summary>
    public bool IsOrderAssumed { get; init; }
}
