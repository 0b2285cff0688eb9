namespace KlarKonform.Backup;

/// <summary>How long backups are kept.</summary>
public enum RetentionPreset
{
    /// <summary>Every snapshot for 90 days.</summary>
    Standard,

    /// <summary>Three years: every snapshot for 30 days, then daily for 90 days, weekly for a year, monthly for three.</summary>
    Extended,

    /// <summary>
    /// Ten years from the end of the calendar year (HGB §257, AO §147): every snapshot for 30 days, then daily for a year, weekly for
    /// three, monthly to the end.
    /// </summary>
    Legal,

    /// <summary>As defined by <see cref="KeepSettings"/>.</summary>
    Custom,
}
