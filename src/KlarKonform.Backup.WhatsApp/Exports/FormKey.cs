namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>
/// What all headers of one export have in common. With two-digit years, some days show that the year comes first, and others do not.
/// </summary>
internal readonly record struct FormKey(
    ExportStyle Style,
    char Separator,
    int YearDigits,
    bool YearFirst,
    bool TimeFirst,
    bool HasSeconds,
    bool HasWord
)
{
    public FormKey(ExportHeader header)
        : this(
            header.Style,
            header.Separator,
            header.YearDigits,
            header.YearFirst && (header.YearDigits != 2 || header.Separator == '年'),
            header.TimeFirst,
            header.HasSeconds,
            header.HasWord
        ) { }
}
