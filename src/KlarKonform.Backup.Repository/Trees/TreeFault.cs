namespace KlarKonform.Backup.Repository.Trees;

/// <summary>An entry of a folder that cannot be read.</summary>
/// <param name="Name">Its name, or an empty text if that is unreadable too.</param>
/// <param name="Reason">What is wrong with it.</param>
public sealed record TreeFault(string Name, string Reason);
