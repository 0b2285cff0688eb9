using System.Text.Json;
using KlarKonform.Backup.WhatsApp.Archive;

namespace KlarKonform.Backup.WhatsApp.Webhooks;

/// <summary>
/// Parses a webhook from Meta: several accounts, changes and messages in one body; the fields messages, smb_message_echoes, history and
/// smb_app_state_sync; everything else is kept as it came. Thread-safe.
/// </summary>
public static class WebhookParser
{
    /// <summary>The chat for lines that belong to a number or an account, but not to a chat.</summary>
    public const string AccountChat = "account";

    /// <exception cref="WhatsAppException">NotAWebhook.</exception>
    /// <param name="body">The body as it came.</param>
    /// <param name="received">When it was received, for content without a time of its own; UTC.</param>
    public static WebhookContent Parse(ReadOnlyMemory<byte> body, DateTimeOffset received)
    {
        if (!System.Text.Unicode.Utf8.IsValid(body.Span))
            throw new WhatsAppException(WhatsAppErrorKind.NotAWebhook, "The body is not UTF-8.");
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || root.Get("entry").ValueKind != JsonValueKind.Array)
                throw new WhatsAppException(
                    WhatsAppErrorKind.NotAWebhook,
                    "The JSON has no list 'entry', which every webhook of Meta's has."
                );
            var reading = new Reading(received);
            foreach (var entry in root.List("entry"))
                reading.Entry(entry);
            return new WebhookContent(reading.Items, reading.Contacts);
        }
        catch (JsonException exception)
        {
            throw new WhatsAppException(WhatsAppErrorKind.NotAWebhook, "The body is not JSON.", exception);
        }
    }

    private sealed class Reading(DateTimeOffset received)
    {
        // Members of a change's value (Meta, "Webhooks payload") that become lines, or contain nothing else.
        private static readonly HashSet<string> s_known = new(StringComparer.Ordinal)
        {
            "messaging_product",
            "metadata",
            "contacts",
            "messages",
            "message_echoes",
            "statuses",
            "history",
            "state_sync",
            "errors",
        };

        public List<WebhookItem> Items { get; } = [];

        public List<WebhookContact> Contacts { get; } = [];

        public void Entry(JsonElement entry)
        {
            var account = new BusinessNumber(entry.Text("id") ?? "unknown", "");
            var any = false;
            foreach (var change in entry.List("changes"))
            {
                any = true;
                Change(account, change);
            }

            if (!any)
                Keep(account, entry, "entry");
        }

        private void Change(BusinessNumber account, JsonElement change)
        {
            var value = change.Get("value");
            var metadata = value.Get("metadata");
            var number = metadata.Text("phone_number_id") is { } id
                ? new BusinessNumber(id, metadata.Text("display_phone_number") ?? "")
                : account;
            var names = new Dictionary<string, string?>(StringComparer.Ordinal);
            foreach (var contact in value.List("contacts"))
            {
                var who = contact.Text("wa_id") ?? contact.Text("user_id");
                if (who is null)
                    continue;
                names[who] = contact.Get("profile").Text("name");
                if (names[who] is { } name)
                    Contacts.Add(
                        new WebhookContact(number, who, name, contact.Get("profile").Text("username") ?? contact.Text("username"))
                    );
            }

            var taken = Items.Count + Contacts.Count;
            foreach (var message in value.List("messages"))
                Message(number, message, names, names.Keys.FirstOrDefault());
            foreach (var message in value.List("message_echoes"))
                Sent(number, message);
            foreach (var status in value.List("statuses"))
                Status(number, status);
            foreach (var part in value.List("history"))
                History(number, part);
            foreach (var entry in value.List("state_sync"))
                Known(number, entry);
            var hasErrors =
                value.Get("errors").ValueKind == JsonValueKind.Array
                || value.List("history").Any(part => part.Get("errors").ValueKind == JsonValueKind.Array);

            // Apart from messages there may be unknown members: calls, groups, and anything Meta adds later.
            var hasMore = value.ValueKind == JsonValueKind.Object && value.EnumerateObject().Any(member => !s_known.Contains(member.Name));
            if (Items.Count + Contacts.Count == taken || hasErrors || hasMore)
                Keep(number, change, change.Text("field") ?? "change");
        }

        private void Message(BusinessNumber number, JsonElement message, Dictionary<string, string?> names, string? onlyContact)
        {
            if (message.ValueKind != JsonValueKind.Object)
            {
                Keep(number, message, "messages");
                return;
            }

            var from = message.Text("from") ?? message.Text("from_user_id") ?? onlyContact;
            var chat = message.Text("group_id") ?? from ?? AccountChat;
            Items.Add(
                new WebhookItem(
                    number,
                    chat,
                    MessageReader.Read(
                        message,
                        from is null ? null : new ChatParty(from, names.GetValueOrDefault(from)),
                        outgoing: false,
                        "webhook",
                        received
                    )
                )
            );
        }

        // Sent by the business from its telephone.
        private void Sent(BusinessNumber number, JsonElement message)
        {
            if (message.ValueKind != JsonValueKind.Object)
            {
                Keep(number, message, "message_echoes");
                return;
            }

            var chat = message.Text("group_id") ?? message.Text("to") ?? message.Text("to_user_id") ?? AccountChat;
            Items.Add(
                new WebhookItem(
                    number,
                    chat,
                    MessageReader.Read(message, new ChatParty(message.Text("from"), null), outgoing: true, "echo", received)
                )
            );
        }

        private void Status(BusinessNumber number, JsonElement status)
        {
            if (status.Text("id") is not { } id)
            {
                Keep(number, status, "statuses");
                return;
            }

            var recipient = status.Text("recipient_id") ?? status.Text("recipient_user_id");
            var participant = status.Text("recipient_participant_id") ?? status.Text("participant_recipient_id");
            Items.Add(
                new WebhookItem(
                    number,
                    recipient ?? AccountChat,
                    new ChatLine
                    {
                        Id = id,
                        Record = ChatRecord.Status,
                        Time = MessageReader.TimeOf(status, received),
                        From = (participant ?? recipient) is { } who ? new ChatParty(who, null) : null,
                        Type = "status",
                        Status = status.Text("status") ?? "unknown",
                        Text = status
                            .List("errors")
                            .Select(error => error.Text("title") ?? error.Text("message"))
                            .FirstOrDefault(title => title is not null),
                        Target = id,
                        Source = "webhook",
                        Raw = status.Kept(),
                    }
                )
            );
        }

        private void History(BusinessNumber number, JsonElement part)
        {
            foreach (var thread in part.List("threads"))
            {
                foreach (var message in thread.List("messages"))
                {
                    if (message.ValueKind != JsonValueKind.Object)
                    {
                        Keep(number, message, "history");
                        continue;
                    }

                    var outgoing =
                        message.Get("history_context").Flag("from_me")
                        || (message.Text("to") is not null && message.Text("to") == thread.Text("id"));
                    var chat = thread.Text("id") ?? (outgoing ? message.Text("to") : message.Text("from")) ?? AccountChat;
                    var line = MessageReader.Read(message, new ChatParty(message.Text("from"), null), outgoing, "history", received);
                    Items.Add(
                        new WebhookItem(
                            number,
                            chat,
                            line with
                            {
                                Status = message.Get("history_context").Text("status")?.ToLowerInvariant(),
                            }
                        )
                    );
                }
            }
        }

        private void Known(BusinessNumber number, JsonElement entry)
        {
            var contact = entry.Get("contact");
            var name = contact.Text("full_name") ?? contact.Text("first_name");
            if (contact.Text("phone_number") is { } phone && name is not null && entry.Text("action") != "remove")
                Contacts.Add(new WebhookContact(number, phone.TrimStart('+'), name, null));
            Keep(number, entry, "smb_app_state_sync");
        }

        private void Keep(BusinessNumber number, JsonElement what, string type) =>
            Items.Add(
                new WebhookItem(
                    number,
                    AccountChat,
                    new ChatLine
                    {
                        Id = MessageReader.IdOf(what),
                        Record = ChatRecord.Other,
                        Time = MessageReader.TimeOf(what, received),
                        Type = type,
                        Source = "webhook",
                        Raw = what.Kept(),
                    }
                )
            );
    }
}
