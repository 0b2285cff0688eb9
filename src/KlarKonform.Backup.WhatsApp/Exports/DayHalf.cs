namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>What a word beside an hour says of it.</summary>
internal enum DayHalf
{
    /// <summary>Nothing: "Uhr", "klo". The hour is one of 24.</summary>
    None,

    /// <summary>AM: 12 is midnight.</summary>
    Morning,

    /// <summary>PM: 12 is noon.</summary>
    Afternoon,

    /// <summary>Around noon: 11, 12, then 1 to 5 in the afternoon.</summary>
    Noon,

    /// <summary>6 to 11 in the evening. Whether its 12 is noon or midnight nobody knows.</summary>
    Evening,

    /// <summary>Around midnight: 7 to 11 in the evening, 12, then 1 to 6.</summary>
    Night,
}
