namespace KlarKonform.Backup;

/// <summary>The tenant's address book: users, organisational contacts, groups.</summary>
public sealed record DirectorySettings
{
    /// <summary>Whether to back up users' photos too. Null: yes.</summary>
    public bool? Photos { get; init; }
}
