namespace KlarKonform.Backup;

/// <summary>The tenant's address book: users, organisational contacts, groups.</summary>
public sealed record DirectorySettings
{
    /// <summary>Whether users' photos are backed up too. Null: yes.</summary>
    public bool? Photos { get; init; }
}
