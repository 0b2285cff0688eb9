namespace KlarKonform.Backup;

/// <summary>Where a restore to Microsoft 365 writes.</summary>
public sealed record CloudRestore
{
    /// <summary>A user other than the owner of the backup (id or user name), or null.</summary>
    public string? User { get; init; }

    /// <summary>A site other than the one that was backed up (address), or null.</summary>
    public string? Site { get; init; }

    /// <summary>A folder to put everything into, so that it does not mix with existing data; null restores in place.</summary>
    public string? Folder { get; init; }

    /// <summary>Whether to create permissions and sharing links of files again.</summary>
    public bool Permissions { get; init; }
}
