namespace KlarKonform.Backup;

/// <summary>A folder in a user's OneDrive.</summary>
public sealed record OneDriveFolder
{
    /// <summary>The user's name or id.</summary>
    public required string User { get; init; }

    /// <summary>The folder's path below the drive's root.</summary>
    public required string Path { get; init; }
}
