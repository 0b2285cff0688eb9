using System.Globalization;

namespace KlarKonform.Backup.Chats;

/// <summary>Makes true chats.</summary>
internal sealed class ModelWriter(Random random)
{
    private static readonly string[] s_first =
    [
        "Anna",
        "Bernd",
        "Çağla",
        "Dmitri",
        "Emre",
        "Fatma",
        "Günther",
        "Hanna",
        "Ивана",
        "José",
        "Kemal",
        "Łukasz",
        "مريم",
        "Noël",
        "Øystein",
        "Pénélope",
        "Quỳnh",
        "רות",
        "さくら",
        "王芳",
        "김민준",
        "Zoë 🌻",
    ];
    private static readonly string[] s_last =
    [
        "Weiß",
        "Müller",
        "Özdemir",
        "Nowak",
        "Bau:Nord",
        "O'Neill",
        "Kraus (Lager)",
        "Schmidt/Söhne",
        "d’Arc",
        "van Dijk",
    ];
    private static readonly string[] s_groups =
    [
        "Baustelle",
        "Projekt Alpha",
        "Lager",
        "Notdienst",
        "Team Süd",
        "Umzug 3.0",
        "Familie & Freunde",
        "AG \"Neubau\"",
        "Kunden – Nord",
        "🏗️ Rohbau",
    ];

    private static readonly string[] s_sayings =
    [
        "Guten Morgen, das Angebot {0} ist fertig",
        "Can you send {0} again?",
        "Rechnung {0}: bitte bis Freitag",
        "Siehe https://example.com/{0}?a=1&b=2",
        "Termin {0} um 13:05 - passt das?",
        "Teşekkürler {0}",
        "شكرا {0} جزيلا",
        "תודה {0} רבה",
        "{0} ありがとうございます。",
        "谢谢 {0}!",
        "감사합니다 {0}",
        "Cảm ơn {0}",
        "धन्यवाद {0}",
        "*{0}* ist _wichtig_ 😀👍🏽",
        "1. Punkt {0}",
        "<{0}> in Klammern",
        "a < b und c > {0}",
        "{0} (siehe oben)",
        "100% {0} – „gut“",
    ];

    private static readonly string[] s_short = ["ok", "Ja", "👍", "Danke"];
    private static readonly string[] s_toAll = ["Frohe Weihnachten wünscht die Zentrale!", "Am Montag ist das Büro geschlossen."];

    // What people pass on looks like what telephones write.
    private static readonly string[] s_pasted =
    [
        "24.11.19, 13:00 - Kurt: weitergeleitet",
        "[11/24/19, 1:00:00 PM] Kurt: weitergeleitet",
        "2019/11/24 13:00 - Kurt: weitergeleitet",
        "Kurt: 13:05",
        "13:05 - Kurt: so nicht",
    ];

    // Documents as people name them; * is the place of their own mark.
    private static readonly string[] s_documents =
    [
        "DOC-20250930-WA*.",
        "Vertrag *",
        "Skizze *.excalidraw",
        "cm-chat-media-video-1:2e*:2561:0:0.MOV",
        "Ordner\\Rechnung *.pdf",
        "Angebot * final...",
        "📐 Plan * 👍.pdf",
        "Liste * (2).pdf",
        "Zeiten *.xlsx",
        "ملف *.pdf",
        "Notiz *.txt",
        "Re: Angebot *.eml",
        "-*-.zip",
        "100% * <neu>.pdf",
        "Ä ö ü * é.docx",
        "WhatsApp * Vertrag.pdf",
        "a.b.c.*.tar.gz",
        "(*).pdf",
        "Datei * (1) (2).pdf",
        "« * ».pdf",
    ];

    private int _chats;

    /// <summary>A chat with a unique name, unless the name is given.</summary>
    /// <param name="count">How many messages.</param>
    /// <param name="isGroup">Whether it is a group.</param>
    /// <param name="from">When it begins.</param>
    /// <param name="days">How many days it lasts.</param>
    /// <param name="title">Its name, or null.</param>
    /// <param name="people">The participants, or null.</param>
    public ModelChat Chat(int count, bool isGroup, DateTime from, int days, string? title = null, IReadOnlyList<string>? people = null)
    {
        var number = ++_chats;
        people ??= isGroup ? Group(number) : ["Zentrale", title ?? $"{Pick(s_first)} {Pick(s_last)} {number}"];
        title ??= isGroup ? $"{Pick(s_groups)} {number}" : people[1];
        var messages = new List<ModelMessage> { new($"q{number}x0z", ModelKind.System, from, -1, "") };
        var minutes = (double)days * 24 * 60;
        for (var i = 1; i < count; i++)
        {
            var time = Awake(from.AddMinutes(minutes * i / count).AddSeconds(random.Next(60)));
            if (time < messages[^1].Time)
                time = messages[^1].Time.AddSeconds(random.Next(30));
            Add(messages, Message(number, i, time, i <= people.Count ? i - 1 : random.Next(people.Count)));
        }

        return new ModelChat(number, title, people, isGroup, messages);
    }

    private IReadOnlyList<string> Group(int number)
    {
        var others = s_first
            .OrderBy(_ => random.Next())
            .Take(random.Next(2, 6))
            .Select(
                (name, i) =>
                    random.Next(4) == 0
                        ? $"+49 171 {number % 10000:D4}{i}{random.Next(100, 999)}"
                        : $"{name} {(random.Next(2) == 0 ? Pick(s_last) : "")}".Trim()
            );
        return ["Zentrale", .. others];
    }

    // Clocks are put forward and back between one and four at night: messages at that time are not tested here.
    private static DateTime Awake(DateTime time) => time.Hour is >= 1 and <= 4 ? time.AddHours(5) : time;

    private void Add(List<ModelMessage> messages, ModelMessage message)
    {
        messages.Add(message);
        if (message.Kind == ModelKind.Text && random.Next(25) == 0)
            messages.Add(message with { Id = message.Id + "b", Text = Pick(s_short), Edited = null, IsDeleted = false, HasPasted = false });
        if (message.Kind == ModelKind.Text && random.Next(40) == 0)
            messages.AddRange(
                Enumerable
                    .Range(0, 2)
                    .Select(i => message with { Id = $"{message.Id}{i}", Text = "ok", Edited = null, IsDeleted = false, HasPasted = false })
            );
        if (random.Next(80) == 0)
            messages.Add(
                message with
                {
                    Id = message.Id + "w",
                    Kind = ModelKind.Text,
                    Author = 0,
                    Text = Pick(s_toAll),
                    Edited = null,
                    IsDeleted = false,
                    HasPasted = false,
                    Document = null,
                    File = null,
                }
            );
    }

    private ModelMessage Message(int chat, int number, DateTime time, int author)
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"q{chat}x{number}z");
        var said = string.Format(CultureInfo.InvariantCulture, Pick(s_sayings), id);
        ModelMessage Of(ModelKind kind, string text) => new(id, kind, time, author, text);
        return number < 6
            ? Of(ModelKind.Text, said)
            : random.Next(100) switch
            {
                < 8 => Of(ModelKind.Text, $"{said}\nzweite Zeile: ja\n\n- und eine vierte"),
                < 12 => Of(ModelKind.Text, $"{said}\n{Pick(s_pasted)}\nEnde") with { HasPasted = true },
                < 14 => Of(ModelKind.Text, new string('x', random.Next(900, 3000)) + " " + said),
                < 24 => Media(Of(ModelKind.Media, random.Next(3) == 0 ? said : ""), Pick([".jpg", ".mp4", ".opus", ".webp", ".jpg"]), null),
                < 32 => Media(
                    Of(ModelKind.Media, random.Next(3) == 0 ? said : ""),
                    "",
                    Pick(s_documents).Replace("*", id, StringComparison.Ordinal)
                ),
                < 34 => Of(
                    ModelKind.Place,
                    string.Create(CultureInfo.InvariantCulture, $"https://maps.google.com/?q=52.{chat:D5},13.{number:D5}")
                ),
                < 37 => Of(ModelKind.System, "") with { Author = -1 },
                < 40 => Of(ModelKind.Text, said) with { Edited = $"geändert: {said}" },
                < 42 => Of(ModelKind.Text, said) with { IsDeleted = true },
                _ => Of(ModelKind.Text, said),
            };
    }

    private ModelMessage Media(ModelMessage message, string ending, string? document)
    {
        var bytes = new byte[random.Next(20, 3000)];
        random.NextBytes(bytes);
        return message with { File = bytes, Ending = ending, Document = document };
    }

    private string Pick(string[] all) => all[random.Next(all.Length)];
}
