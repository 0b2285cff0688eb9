namespace KlarKonform.Backup.WhatsApp.Tests;

/// <summary>Webhooks as Meta documents them.</summary>
internal static class WebhookSamples
{
    public static string Value(string field, string value) =>
        "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"1001\",\"changes\":[{\"field\":\""
        + field
        + "\",\"value\":{\"messaging_product\":\"whatsapp\",\"metadata\":{\"display_phone_number\":\"49301234567\","
        + "\"phone_number_id\":\"555\"},"
        + value
        + "}}]}]}";

    public static string Message(string id, string content, long time = 1795550400, string from = "491711111111") =>
        Value(
            "messages",
            "\"contacts\":[{\"profile\":{\"name\":\"Anna Wei\\u00df\"},\"wa_id\":\""
                + from
                + "\"}],\"messages\":[{\"from\":\""
                + from
                + "\",\"id\":\""
                + id
                + "\",\"timestamp\":\""
                + time
                + "\","
                + content
                + "}]"
        );

    public static string Text(string id, string text, long time = 1795550400) =>
        Message(id, "\"type\":\"text\",\"text\":{\"body\":\"" + text + "\"}", time);

    public static IReadOnlyList<string> All { get; } =
    [
        Text("wamid.1", "Guten Tag \\ud83d\\ude00"),
        Message(
            "wamid.2",
            "\"type\":\"image\",\"image\":{\"id\":\"900\",\"mime_type\":\"image/jpeg\","
                + "\"sha256\":\"4f6f9a3d5b7c1e2f4f6f9a3d5b7c1e2f4f6f9a3d5b7c1e2f4f6f9a3d5b7c1e2f\",\"caption\":\"Schild\"}"
        ),
        Message(
            "wamid.3",
            "\"type\":\"document\",\"document\":{\"id\":\"901\",\"mime_type\":\"application/pdf\","
                + "\"filename\":\"Angebot.pdf\"},\"context\":{\"from\":\"49301234567\",\"id\":\"wamid.1\",\"forwarded\":true}"
        ),
        Message(
            "wamid.4",
            "\"type\":\"location\",\"location\":{\"latitude\":52.5,\"longitude\":13.4,\"name\":\"Laden\",\"address\":\"Hauptstr. 1\"}"
        ),
        Message(
            "wamid.5",
            "\"type\":\"contacts\",\"contacts\":[{\"name\":{\"formatted_name\":\"Bernd\"},\"phones\":[{\"phone\":\"+49 171 "
                + "2\"}],\"emails\":[{\"email\":\"b@example.com\"}]}]"
        ),
        Message("wamid.6", "\"type\":\"reaction\",\"reaction\":{\"message_id\":\"wamid.1\",\"emoji\":\"\\ud83d\\udc4d\"}"),
        Message(
            "wamid.7",
            "\"type\":\"interactive\",\"interactive\":{\"type\":\"button_reply\",\"button_reply\":{\"id\":\"ja\",\"title\":\"Ja, gern\"}}"
        ),
        Message("wamid.8", "\"type\":\"button\",\"button\":{\"payload\":\"p\",\"text\":\"Termin\"}"),
        Message(
            "wamid.9",
            "\"type\":\"order\",\"order\":{\"catalog_id\":\"c\",\"text\":\"bitte\","
                + "\"product_items\":[{\"product_retailer_id\":\"SKU1\",\"quantity\":2,\"item_price\":9.5,\"currency\":\"EUR\"}]}"
        ),
        Message(
            "wamid.10",
            "\"type\":\"system\",\"system\":{\"body\":\"Anna changed her number\",\"type\":\"user_changed_number\","
                + "\"wa_id\":\"491722222222\"}"
        ),
        Message("wamid.11", "\"type\":\"unsupported\",\"errors\":[{\"code\":131051,\"title\":\"Message type unknown\"}]"),
        Message("wamid.12", "\"type\":\"hologram\",\"hologram\":{\"depth\":3}"),
        Message(
            "wamid.13",
            "\"type\":\"audio\",\"audio\":{\"id\":\"902\",\"mime_type\":\"audio/ogg; codecs=opus\",\"voice\":true,"
                + "\"sha256\":\"3q2+796tvu/erb7v3q2+796tvu/erb7v3q2+796tvu8=\"}"
        ),
        Value(
            "messages",
            "\"statuses\":[{\"id\":\"wamid.out1\",\"status\":\"delivered\",\"timestamp\":\"1795550500\","
                + "\"recipient_id\":\"491711111111\"},{\"id\":\"wamid.out1\",\"status\":\"read\",\"timestamp\":\"1795550600\","
                + "\"recipient_id\":\"491711111111\"},{\"id\":\"wamid.out2\",\"status\":\"failed\","
                + "\"timestamp\":\"1795550700\",\"recipient_id\":\"491711111111\",\"errors\":[{\"code\":131047,"
                + "\"title\":\"Re-engagement message\"}]}]"
        ),
        Value(
            "smb_message_echoes",
            "\"message_echoes\":[{\"from\":\"49301234567\",\"to\":\"491711111111\",\"id\":\"wamid.14\","
                + "\"timestamp\":\"1795550800\",\"type\":\"text\",\"text\":{\"body\":\"Gern\"}}]"
        ),
        Value(
            "smb_message_echoes",
            "\"message_echoes\":[{\"from\":\"49301234567\",\"to\":\"491711111111\",\"id\":\"wamid.15\","
                + "\"timestamp\":\"1795550900\",\"type\":\"edit\",\"edit\":{\"original_message_id\":\"wamid.14\","
                + "\"message\":{\"type\":\"text\",\"text\":{\"body\":\"Sehr gern\"}}}}]"
        ),
        Value(
            "smb_message_echoes",
            "\"message_echoes\":[{\"from\":\"49301234567\",\"to\":\"491711111111\",\"id\":\"wamid.16\","
                + "\"timestamp\":\"1795551000\",\"type\":\"revoke\",\"revoke\":{\"original_message_id\":\"wamid.14\"}}]"
        ),
        Value(
            "history",
            "\"history\":[{\"metadata\":{\"phase\":0,\"chunk_order\":1,\"progress\":55},\"threads\":[{\"id\":\"491711111111\","
                + "\"messages\":[{\"from\":\"491711111111\",\"id\":\"wamid.h1\",\"timestamp\":\"1790000000\","
                + "\"type\":\"text\",\"text\":{\"body\":\"alt\"},\"history_context\":{\"status\":\"READ\","
                + "\"from_me\":false}},{\"from\":\"49301234567\",\"to\":\"491711111111\",\"id\":\"wamid.h2\","
                + "\"timestamp\":\"1790000100\",\"type\":\"text\",\"text\":{\"body\":\"auch alt\"},"
                + "\"history_context\":{\"status\":\"DELIVERED\",\"from_me\":true}}]}]}]"
        ),
        Value(
            "smb_app_state_sync",
            "\"state_sync\":[{\"type\":\"contact\",\"contact\":{\"full_name\":\"Kunde Meier\",\"first_name\":\"Kunde\","
                + "\"phone_number\":\"+491733333333\"},\"action\":\"add\",\"metadata\":{\"timestamp\":\"1795550000\"}}]"
        ),
        Value("account_update", "\"event\":\"VERIFIED_ACCOUNT\""),
        Value("messages", "\"errors\":[{\"code\":130429,\"title\":\"Rate limit hit\"}]"),
    ];
}
