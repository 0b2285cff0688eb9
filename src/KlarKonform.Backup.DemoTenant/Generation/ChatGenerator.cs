using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.DemoTenant.Generation;

/// <summary>
/// The company's WhatsApp: chats as telephones export them, iOS in German and Android in English, and webhooks as Meta sends them. The same
/// seed gives the same.
/// </summary>
public sealed class ChatGenerator(DemoTenantModel tenant, int seed)
{
    public const string Number = "+49 30 1234567";
    public const string NumberId = "555000111";

    private const char Mark = '\u200E';
    private static readonly string[] s_words =
    [
        "Guten Morgen!",
        "Das Angebot passt, danke.",
        "Wann kann die Lieferung kommen?",
        "Größe M & <L> bitte",
        "👍",
        "Die Rechnung 4711\nüberweise ich morgen.",
        "ok",
        "Termin am 24.12.? Eher nicht :)",
        "<script>alert('x')</script>",
    ];
    private static readonly string[] s_group = ["Anna Muster", "Björn Muster", "Kunde: Meier", "+49 171 2345678"];
    private static readonly (string Id, string Name)[] s_customers =
    [
        ("491711111111", "Anna Weiß"),
        ("491722222222", "Familie \"Meier\" & Söhne"),
        ("491733333333", "مريم"),
    ];

    // As Meta writes it: without escapes in between, non-ASCII as \u.
    private static readonly JsonSerializerOptions s_json = new()
    {
        Encoder = JavaScriptEncoder.Create(System.Text.Unicode.UnicodeRanges.BasicLatin),
    };

    private readonly Random _random = new(seed);
    private int _messages;

    /// <summary>Number of messages in the exports that were written.</summary>
    public int Exported { get; private set; }

    /// <summary>Puts exported chats into a folder: a ZIP from an iPhone and one from Android with media, and a text without.</summary>
    public void WriteExports(string folder, int messages = 120)
    {
        Directory.CreateDirectory(folder);
        var start = new DateTime(2026, 9, 28, 8, 0, 0);
        WriteZip(Path.Combine(folder, "WhatsApp Chat - Projekt Alpha.zip"), "_chat.txt", Ios(start, messages));
        WriteZip(Path.Combine(folder, "WhatsApp Chat with Anna Weiß.zip"), "WhatsApp Chat with Anna Weiß.txt", Android(start, messages));
        var (text, _) = Android(start.AddDays(3), messages / 2, media: false);
        File.WriteAllText(Path.Combine(folder, "WhatsApp Chat with Lager.txt"), text);
    }

    /// <summary>The bodies of webhooks: messages of every kind, statuses, reactions, an edit and a removal.</summary>
    public IReadOnlyList<string> Webhooks(DateTimeOffset from, int count)
    {
        var bodies = new List<string>();
        var time = from;
        for (var i = 0; i < count; i++)
        {
            time = time.AddMinutes(_random.Next(1, 90));
            var (id, name) = s_customers[_random.Next(s_customers.Length)];
            var message = $"wamid.demo{seed}.{_messages++}";
            bodies.Add(
                (i % 9) switch
                {
                    3 => Incoming(
                        id,
                        name,
                        message,
                        time,
                        "image",
                        Media("image/png", DemoPicture.Png(_messages), new Dictionary<string, object> { ["caption"] = "Foto vom Lager" })
                    ),
                    4 => Incoming(
                        id,
                        name,
                        message,
                        time,
                        "document",
                        Media(
                            "application/pdf",
                            Encoding.ASCII.GetBytes("%PDF-1.4 demo " + _messages),
                            new Dictionary<string, object> { ["filename"] = "Angebot 4711.pdf" }
                        )
                    ),
                    5 => Value(
                        "messages",
                        new
                        {
                            statuses = new[]
                            {
                                new
                                {
                                    id = message,
                                    status = "read",
                                    timestamp = Seconds(time),
                                    recipient_id = id,
                                },
                            },
                        }
                    ),
                    6 => Echo(id, message, time, "text", new { body = "Gern, wir melden uns." }),
                    7 => Echo(
                        id,
                        message,
                        time,
                        "edit",
                        new
                        {
                            original_message_id = $"wamid.demo{seed}.{_messages - 2}",
                            message = new { type = "text", text = new { body = "Gern, wir melden uns morgen." } },
                        }
                    ),
                    8 => Incoming(
                        id,
                        name,
                        message,
                        time,
                        "reaction",
                        new { message_id = $"wamid.demo{seed}.{_messages - 6}", emoji = "👍" }
                    ),
                    _ => Incoming(id, name, message, time, "text", new { body = s_words[_random.Next(s_words.Length)] }),
                }
            );
        }

        return bodies;
    }

    /// <summary>A webhook: the business deletes a message that it sent.</summary>
    public string Revoke(string chat, string message, DateTimeOffset time) =>
        Echo(chat, $"wamid.demo{seed}.{_messages++}", time, "revoke", new { original_message_id = message });

    /// <summary>A webhook: the business sends a text.</summary>
    public string Sent(string chat, string message, DateTimeOffset time, string text) =>
        Echo(chat, message, time, "text", new { body = text });

    /// <summary>A webhook: a customer sends a picture.</summary>
    public string Picture(string chat, string message, DateTimeOffset time) =>
        Incoming(chat, "Kunde", message, time, "image", Media("image/png", DemoPicture.Png(_messages++), []));

    private (string Text, List<(string Name, byte[] Content)> Files) Ios(DateTime time, int messages)
    {
        var text = new StringBuilder(
            $"[{time.ToString("dd.MM.yy, HH:mm:ss", CultureInfo.InvariantCulture)}] Projekt Alpha: {Mark}Nachrichten und "
                + $"Anrufe sind Ende-zu-Ende-verschlüsselt. Niemand außerhalb dieses Chats kann sie lesen.\r\n"
        );
        var files = new List<(string, byte[])>();
        for (var i = 1; i < messages; i++)
        {
            time = time.AddSeconds(_random.Next(30, 90_000));
            var head = $"[{time.ToString("dd.MM.yy, HH:mm:ss", CultureInfo.InvariantCulture)}] {s_group[_random.Next(s_group.Length)]}: ";
            if (i % 20 == 7)
            {
                var name = $"{i:D8}-PHOTO-{time.ToString("yyyy-MM-dd-HH-mm-ss", CultureInfo.InvariantCulture)}.png";
                files.Add((name, DemoPicture.Png(i)));
                text.Append(Mark).Append(head).Append(Mark).Append("<Anhang: ").Append(name).Append(">\r\n");
            }
            else
            {
                text.Append(head)
                    .Append(
                        (i % 20) switch
                        {
                            11 => Mark + "Diese Nachricht wurde gelöscht.",
                            13 => "Doch lieber Dienstag " + Mark + "<Diese Nachricht wurde bearbeitet.>",
                            15 => Mark + "UMFRAGE:\nWohin zum Essen?\n" + Mark + "OPTION: Italiener (3 Stimmen)",
                            _ => s_words[_random.Next(s_words.Length)],
                        }
                    )
                    .Append("\r\n");
            }
        }

        Exported += messages;
        return (text.ToString(), files);
    }

    private (string Text, List<(string Name, byte[] Content)> Files) Android(DateTime time, int messages, bool media = true)
    {
        string Stamp() => time.ToString("M/d/yy, h:mm\u202Ftt", CultureInfo.InvariantCulture);
        var text = new StringBuilder(
            $"{Stamp()} - Messages and calls are end-to-end encrypted. Only people in this chat can read, listen to, or share them.\n"
        );
        var files = new List<(string, byte[])>();
        for (var i = 1; i < messages; i++)
        {
            time = time.AddMinutes(_random.Next(0, 1500));
            text.Append(Stamp()).Append(" - ").Append(i % 2 == 0 ? "Anna Weiß" : "Muster GmbH").Append(": ");
            if (i % 25 == 9 && media)
            {
                var name = $"IMG-{time.ToString("yyyyMMdd", CultureInfo.InvariantCulture)}-WA{i:D4}.png";
                files.Add((name, DemoPicture.Png(1000 + i)));
                text.Append(name).Append(" (file attached)\nFoto\n");
            }
            else
            {
                text.Append(i % 25 == 9 ? "<Media omitted>" : s_words[_random.Next(s_words.Length)]).Append('\n');
            }
        }

        Exported += messages;
        return (text.ToString(), files);
    }

    private static void WriteZip(string path, string name, (string Text, List<(string Name, byte[] Content)> Files) chat)
    {
        using var zip = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach (var (file, content) in chat.Files.Prepend((name, Encoding.UTF8.GetBytes(chat.Text))))
        {
            using var entry = zip.CreateEntry(file).Open();
            entry.Write(content);
        }
    }

    private Dictionary<string, object> Media(string type, byte[] content, Dictionary<string, object> more)
    {
        var media = new DemoMedia
        {
            Id = $"{7_000_000 + tenant.Media.Count}",
            MimeType = type,
            Content = content,
            Arrived = DateTimeOffset.UtcNow,
        };
        tenant.Media[media.Id] = media;
        return new Dictionary<string, object>(more)
        {
            ["id"] = media.Id,
            ["mime_type"] = type,
            ["sha256"] = Convert.ToBase64String(SHA256.HashData(content)),
        };
    }

    private static string Incoming(string from, string name, string id, DateTimeOffset time, string type, object content) =>
        Value(
            "messages",
            new
            {
                contacts = new[] { new { profile = new { name }, wa_id = from } },
                messages = new[]
                {
                    new Dictionary<string, object>
                    {
                        ["from"] = from,
                        ["id"] = id,
                        ["timestamp"] = Seconds(time),
                        ["type"] = type,
                        [type] = content,
                    },
                },
            }
        );

    private static string Echo(string to, string id, DateTimeOffset time, string type, object content) =>
        Value(
            "smb_message_echoes",
            new
            {
                message_echoes = new[]
                {
                    new Dictionary<string, object>
                    {
                        ["from"] = "49301234567",
                        ["to"] = to,
                        ["id"] = id,
                        ["timestamp"] = Seconds(time),
                        ["type"] = type,
                        [type] = content,
                    },
                },
            }
        );

    private static string Value(string field, object content)
    {
        var value = new Dictionary<string, object?>
        {
            ["messaging_product"] = "whatsapp",
            ["metadata"] = new { display_phone_number = "49301234567", phone_number_id = NumberId },
        };
        foreach (var property in JsonSerializer.SerializeToElement(content).EnumerateObject())
            value[property.Name] = property.Value;
        return JsonSerializer.Serialize(
            new
            {
                @object = "whatsapp_business_account",
                entry = new[] { new { id = "100200", changes = new[] { new { value, field } } } },
            },
            s_json
        );
    }

    private static string Seconds(DateTimeOffset time) => time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
}
