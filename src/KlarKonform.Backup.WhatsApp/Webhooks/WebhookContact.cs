namespace KlarKonform.Backup.WhatsApp.Webhooks;

/// <summary>A person or business, as a webhook describes it.</summary>
/// <param name="Number">The business number that learned it.</param>
/// <param name="Id">Telephone number or user id.</param>
/// <param name="Name">Profile's or address book's name.</param>
/// <param name="UserName">WhatsApp user name, or null.</param>
public sealed record WebhookContact(BusinessNumber Number, string Id, string Name, string? UserName);
