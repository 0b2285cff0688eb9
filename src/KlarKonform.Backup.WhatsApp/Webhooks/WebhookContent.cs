namespace KlarKonform.Backup.WhatsApp.Webhooks;

/// <summary>Everything that one webhook contains.</summary>
/// <param name="Items">Lines of chats, in the webhook's order.</param>
/// <param name="Contacts">People.</param>
public sealed record WebhookContent(IReadOnlyList<WebhookItem> Items, IReadOnlyList<WebhookContact> Contacts);
