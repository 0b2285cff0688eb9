namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>What all headers of one export have in common.</summary>
internal readonly record struct FormKey(ExportStyle Style, char Separator, int YearDigits, bool YearFirst, bool TimeFirst, bool HasSeconds, bool HasWord)
{
    public FormKey(ExportHeader header)
        : this(header.Style, header.Separator, header.YearDigits, header.YearFirst, header.TimeFirst, header.HasSeconds, header.HasWord)
    {
    }
}
