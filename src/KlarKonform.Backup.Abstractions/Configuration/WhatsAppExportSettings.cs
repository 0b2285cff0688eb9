namespace KlarKonform.Backup;

/// <summary>A place where exported chats of one telephone are dropped. One of <see cref="Location"/> and <see cref="OneDrive"/>.</summary>
public sealed record WhatsAppExportSettings
{
    /// <summary>The telephone's number, or a name for it: the folder in the snapshot. An export does not say whose it is.</summary>
    public required string Number { get; init; }

    /// <summary>A folder, an SFTP server's folder or a bucket, written as a target is.</summary>
    public TargetSettings? Location { get; init; }

    /// <summary>A folder in somebody's OneDrive.</summary>
    public OneDriveFolder? OneDrive { get; init; }

    /// <summary>The telephone's time zone, by IANA or by Windows; an export names none. Null: this computer's.</summary>
    public string? TimeZone { get; init; }

    /// <summary>DayFirst or MonthFirst, for exports whose dates leave it open. Null: found out.</summary>
    public string? DateOrder { get; init; }

    /// <summary>
    /// Exports that are one chat though nothing in them tells: the name of an export's file, or a chat's name, and the chat that it belongs to.
    /// Null: none. What was taken in already is looked at again by a run with <c>-Full</c>.
    /// </summary>
    public IReadOnlyDictionary<string, string>? SameChats { get; init; }
}
