namespace KlarKonform.Backup.Repository.Trees;

/// <summary>An extended attribute.</summary>
/// <param name="Name">Its name, for example <c>user.klarkonform</c>.</param>
/// <param name="Value">Its bytes.</param>
public sealed record ExtendedAttribute(string Name, byte[] Value);
