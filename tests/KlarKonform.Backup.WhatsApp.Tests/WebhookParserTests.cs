using System.Text;
using KlarKonform.Backup.WhatsApp.Archive;
using KlarKonform.Backup.WhatsApp.Webhooks;

namespace KlarKonform.Backup.WhatsApp.Tests;

public sealed class WebhookParserTests
{
    private static readonly Dictionary<string, ChatLine> s_lines = WebhookSamples
        .All.SelectMany(body => WebhookParser.Parse(Encoding.UTF8.GetBytes(body), DateTimeOffset.UnixEpoch).Items)
        .Where(item => item.Line.Record != ChatRecord.Status && item.Line.Record != ChatRecord.Other)
        .ToDictionary(item => item.Line.Id, item => item.Line);

    [Theory]
    [InlineData("wamid.1", "text", "Guten Tag 😀")]
    [InlineData("wamid.2", "image", "Schild")]
    [InlineData("wamid.4", "location", "Laden, Hauptstr. 1, 52.5 13.4")]
    [InlineData("wamid.5", "contacts", "Bernd, +49 171 2, b@example.com")]
    [InlineData("wamid.6", "reaction", "👍")]
    [InlineData("wamid.7", "interactive", "Ja, gern")]
    [InlineData("wamid.8", "button", "Termin")]
    [InlineData("wamid.9", "order", "bitte\n2 × SKU1 9.5 EUR")]
    [InlineData("wamid.10", "system", "Anna changed her number")]
    [InlineData("wamid.11", "unsupported", "Message type unknown")]
    [InlineData("wamid.12", "hologram", null)]
    [InlineData("wamid.14", "text", "Gern")]
    [InlineData("wamid.15", "edit", "Sehr gern")]
    [InlineData("wamid.16", "revoke", null)]
    [InlineData("wamid.h2", "text", "auch alt")]
    public void Every_type_is_read_and_kept_as_it_came(string id, string type, string? text)
    {
        var line = s_lines[id];
        Assert.Equal((type, text), (line.Type, line.Text));
        Assert.Equal(id, line.Raw!.Value.GetProperty("id").GetString());
    }

    [Fact]
    public void Media_answers_forwards_and_directions_are_known()
    {
        Assert.Equal(
            ("900", "image/jpeg", MediaState.Pending),
            (s_lines["wamid.2"].Media!.Id, s_lines["wamid.2"].Media!.MimeType, s_lines["wamid.2"].Media!.State)
        );
        Assert.Equal("4f6f9a3d5b7c1e2f4f6f9a3d5b7c1e2f4f6f9a3d5b7c1e2f4f6f9a3d5b7c1e2f", s_lines["wamid.2"].Media!.Sha256);
        // In base64 there.
        Assert.Equal("deadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeef", s_lines["wamid.13"].Media!.Sha256);
        Assert.Equal(
            ("Angebot.pdf", "wamid.1", true),
            (s_lines["wamid.3"].Media!.Name, s_lines["wamid.3"].Target, s_lines["wamid.3"].Forwarded)
        );
        Assert.Equal(
            (ChatRecord.Edit, "wamid.14", true),
            (s_lines["wamid.15"].Record, s_lines["wamid.15"].Target, s_lines["wamid.15"].Outgoing)
        );
        Assert.Equal((ChatRecord.Revoke, "wamid.14"), (s_lines["wamid.16"].Record, s_lines["wamid.16"].Target));
        Assert.Equal((false, true, "delivered"), (s_lines["wamid.h1"].Outgoing, s_lines["wamid.h2"].Outgoing, s_lines["wamid.h2"].Status));
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1795550400), s_lines["wamid.1"].Time);
    }

    [Fact]
    public void Chats_numbers_and_people_are_named()
    {
        var content = WebhookParser.Parse(Encoding.UTF8.GetBytes(WebhookSamples.All[0]), DateTimeOffset.UnixEpoch);
        Assert.Equal((new BusinessNumber("555", "49301234567"), "491711111111"), (content.Items[0].Number, content.Items[0].Chat));
        Assert.Equal(("491711111111", "Anna Weiß"), (content.Contacts[0].Id, content.Contacts[0].Name));
        var known = WebhookParser.Parse(
            Encoding.UTF8.GetBytes(WebhookSamples.All.Single(body => body.Contains("state_sync\":[", StringComparison.Ordinal))),
            DateTimeOffset.UnixEpoch
        );
        Assert.Equal(("491733333333", "Kunde Meier"), (known.Contacts[0].Id, known.Contacts[0].Name));
    }

    [Fact]
    public void What_nobody_knows_is_kept_also_where_it_stands_beside_messages()
    {
        const string body = """
            {"entry":[{"id":"1","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"5","display_phone_number":"49"},
            "messages":[{"from":"491","id":"wamid.a","timestamp":"1795550400","type":"text","text":{"body":"hallo"}}],
            "calls":[{"id":"wacid.1","from":"491","event":"connect"}]}}]}]}
            """;
        var items = WebhookParser.Parse(Encoding.UTF8.GetBytes(body), DateTimeOffset.UnixEpoch).Items;
        Assert.Equal([ChatRecord.Message, ChatRecord.Other], items.Select(item => item.Line.Record));
        Assert.Contains("wacid.1", items[1].Line.Raw!.Value.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_nobody_knows_is_kept_as_it_came()
    {
        foreach (
            var body in WebhookSamples.All.Where(body =>
                body.Contains("account_update", StringComparison.Ordinal) || body.Contains("130429", StringComparison.Ordinal)
            )
        )
        {
            var item = Assert.Single(WebhookParser.Parse(Encoding.UTF8.GetBytes(body), DateTimeOffset.UnixEpoch).Items);
            Assert.Equal((WebhookParser.AccountChat, ChatRecord.Other), (item.Chat, item.Line.Record));
            Assert.True(item.Line.Raw!.Value.TryGetProperty("value", out _));
        }
    }

    [Fact]
    public void A_webhook_that_comes_twice_is_there_once_and_every_status_is_there()
    {
        var month = ChatMonth.Parse([]);
        for (var i = 0; i < 3; i++)
        {
            foreach (
                var item in WebhookSamples.All.SelectMany(body =>
                    WebhookParser.Parse(Encoding.UTF8.GetBytes(body), DateTimeOffset.UnixEpoch).Items
                )
            )
                month.Add(item.Line);
            month = ChatMonth.Parse(month.Write());
        }

        Assert.Equal(s_lines.Count, month.Lines.Count(line => line.Record is not (ChatRecord.Status or ChatRecord.Other)));
        Assert.Equal(
            ["delivered", "read", "failed"],
            month.Lines.Where(line => line.Record == ChatRecord.Status).Select(line => line.Status)
        );
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{\"object\":\"page\"}")]
    [InlineData("null")]
    public void Another_JSON_is_refused(string body) =>
        Assert.Equal(
            WhatsAppErrorKind.NotAWebhook,
            Assert.Throws<WhatsAppException>(() => WebhookParser.Parse(Encoding.UTF8.GetBytes(body), DateTimeOffset.UnixEpoch)).Kind
        );

    [Fact]
    public void A_signature_belongs_to_its_bytes_and_its_secret()
    {
        var body = Encoding.UTF8.GetBytes(WebhookSamples.All[0]);
        var signature = WebhookSignature.Of(body, "secret");
        Assert.True(WebhookSignature.Matches(body, signature, "secret"));
        Assert.True(WebhookSignature.Matches(body, "sha256=" + signature[7..].ToUpperInvariant(), "secret"));
        Assert.False(WebhookSignature.Matches(body, signature, "other"));
        Assert.False(WebhookSignature.Matches(body.AsSpan(1), signature, "secret"));
        foreach (var wrong in new[] { null, "", "sha256=", "sha1=" + signature[7..], signature[..^1] + "g", signature + "00" })
            Assert.False(WebhookSignature.Matches(body, wrong, "secret"));
    }
}
