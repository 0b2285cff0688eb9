namespace KlarKonform.Backup;

/// <summary>Where a restore to Microsoft 365 writes.</summary>
public sealed record CloudRestore
{
    /// <summary>Another user than the one whose backup it is (id or user name), or null.</summary>
    public string? User { get; init; }

    /// <summary>Another site than the one whose backup it is (address), or null.</summary>
    public string? Site { get; init; }

    /// <summary>A folder that everything is put into, so that it does not mix with what is there; null restores in place.</summary>
    public string? Folder { get; init; }

    /// <summary>Whether permissions and sharing links of files are made anew.</summary>
    public bool Permissions { get; init; }
}
