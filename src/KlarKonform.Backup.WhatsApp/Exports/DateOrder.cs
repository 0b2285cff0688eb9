namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>Order of a date's parts.</summary>
public enum DateOrder
{
    /// <summary>24.11.26.</summary>
    DayFirst,

    /// <summary>11/24/26.</summary>
    MonthFirst,

    /// <summary>2026-11-24.</summary>
    YearFirst,
}
