namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>A folder at the source.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Parent">Its parent's id; empty for the root.</param>
/// <param name="Name">Its name as people see it.</param>
/// <param name="SafeName">Its preferred name in the snapshot.</param>
/// <param name="Metadata">The metadata of its node, or null.</param>
internal sealed record SourceFolder(string Id, string Parent, string Name, string SafeName, byte[]? Metadata);
