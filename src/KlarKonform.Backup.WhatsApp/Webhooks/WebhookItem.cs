using KlarKonform.Backup.WhatsApp.Archive;

namespace KlarKonform.Backup.WhatsApp.Webhooks;

/// <summary>A line for an archived chat.</summary>
/// <param name="Number">The business number that it belongs to.</param>
/// <param name="Chat">The other side: telephone number, user id or group id; <see cref="WebhookParser.AccountChat"/> for what does not
/// belong to a chat.</param>
/// <param name="Line">The line.</param>
public sealed record WebhookItem(BusinessNumber Number, string Chat, ChatLine Line);
