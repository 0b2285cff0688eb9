namespace KlarKonform.Backup.WhatsApp.Archive;

/// <summary>A person or business that writes or is written to.</summary>
/// <param name="Id">Telephone number or business-scoped user id; null in exports, which only know names.</param>
/// <param name="Name">Name from the address book or the profile, or null.</param>
public sealed record ChatParty(string? Id, string? Name);
