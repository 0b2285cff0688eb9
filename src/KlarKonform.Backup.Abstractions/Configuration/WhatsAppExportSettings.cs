namespace KlarKonform.Backup;

/// <summary>
/// A place where exported chats of one telephone are dropped. Exactly one of <see cref="Location"/> and <see cref="OneDrive"/>.
/// </summary>
public sealed record WhatsAppExportSettings
{
    /// <summary>The telephone's number, or a name for it: the folder in the snapshot. An export does not say whose it is.</summary>
    public required string Number { get; init; }

    /// <summary>A folder, an SFTP server's folder or a bucket, in the same form as a target.</summary>
    public TargetSettings? Location { get; init; }

    /// <summary>A folder in a user's OneDrive.</summary>
    public OneDriveFolder? OneDrive { get; init; }

    /// <summary>The telephone's time zone, as an IANA or Windows name; an export contains none. Null: this computer's.</summary>
    public string? TimeZone { get; init; }

    /// <summary>DayFirst or MonthFirst, for exports whose dates are ambiguous. Null: determined from the export.</summary>
    public string? DateOrder { get; init; }

    /// <summary>
    /// Exports that belong to one chat although nothing in them shows it: the name of an export's file, or a chat's name, and the chat that
    /// it belongs to. Null: none. What was taken in already is examined again by a run with <c>-Full</c>.
    /// </summary>
    public IReadOnlyDictionary<string, string>? SameChats { get; init; }
}
