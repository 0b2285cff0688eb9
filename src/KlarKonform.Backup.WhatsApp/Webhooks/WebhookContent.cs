namespace KlarKonform.Backup.WhatsApp.Webhooks;

/// <summary>Everything that one webhook says.</summary>
/// <param name="Items">Lines of chats, in its order.</param>
/// <param name="Contacts">People.</param>
public sealed record WebhookContent(IReadOnlyList<WebhookItem> Items, IReadOnlyList<WebhookContact> Contacts);
