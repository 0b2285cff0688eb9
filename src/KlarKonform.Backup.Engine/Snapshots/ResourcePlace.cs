namespace KlarKonform.Backup.Engine.Snapshots;

/// <summary>The resource that a path in a snapshot belongs to.</summary>
/// <param name="Kind">One of <see cref="ResourceKinds"/>, or another program's folder; empty where the path is too short to tell.</param>
/// <param name="Name">What people call it: the mailbox, the user, the site, the telephone number; empty where there is no name.</param>
/// <param name="Depth">Entries of a path that make up the resource; what follows are its folders and items.</param>
internal readonly record struct ResourcePlace(string Kind, string Name, int Depth);
