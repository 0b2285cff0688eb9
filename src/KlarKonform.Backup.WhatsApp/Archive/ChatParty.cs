namespace KlarKonform.Backup.WhatsApp.Archive;

/// <summary>Somebody who writes or is written to.</summary>
/// <param name="Id">Telephone number or business-scoped user id; null in exports, which know names only.</param>
/// <param name="Name">Name as the address book or the profile says, or null.</param>
public sealed record ChatParty(string? Id, string? Name);
