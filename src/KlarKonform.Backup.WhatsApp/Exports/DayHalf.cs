namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>The meaning of a word next to an hour.</summary>
internal enum DayHalf
{
    /// <summary>Nothing: "Uhr", "klo". The hour is on a 24-hour clock.</summary>
    None,

    /// <summary>AM: 12 is midnight.</summary>
    Morning,

    /// <summary>PM: 12 is noon.</summary>
    Afternoon,

    /// <summary>Around noon: 11, 12, then 1 to 5 in the afternoon.</summary>
    Noon,

    /// <summary>6 to 11 in the evening. It is unknown whether its 12 is noon or midnight.</summary>
    Evening,

    /// <summary>Around midnight: 7 to 11 in the evening, 12, then 1 to 6.</summary>
    Night,
}
