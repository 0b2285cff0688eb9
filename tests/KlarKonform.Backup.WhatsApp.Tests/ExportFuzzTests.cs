using System.Globalization;
using System.Text;
using KlarKonform.Backup.WhatsApp.Archive;
using KlarKonform.Backup.WhatsApp.Exports;
using KlarKonform.Backup.WhatsApp.Webhooks;

namespace KlarKonform.Backup.WhatsApp.Tests;

/// <summary>Random exports and webhooks: 200,000 cases by default, set by KK_FUZZ_CASES. A failure names the seed of its case.</summary>
public sealed class ExportFuzzTests
{
    private static readonly int s_cases = int.Parse(
        Environment.GetEnvironmentVariable("KK_FUZZ_CASES") ?? "200000",
        CultureInfo.InvariantCulture
    );

    private static readonly string[] s_pieces =
    [
        "[24.11.26, 13:05:09] ",
        "24.11.26, 13:05 - ",
        "11/24/26, 1:05\u202FPM - ",
        "2026-11-24 13:05 - ",
        "24.11.26, 13:05:09: ",
        "[",
        "]",
        " - ",
        ": ",
        ":",
        "Anna",
        "~ Anna",
        "+49 171 1",
        "\u200E",
        "\u202A",
        "\u202C",
        "\uFEFF",
        "\u202F",
        "\u00A0",
        "<Anhang: a.jpg>",
        "<attached: ",
        ">",
        "a.jpg (file attached)",
        "<Media omitted>",
        "Bild weggelassen",
        "This message was deleted",
        "<This message was edited>",
        "POLL:",
        "\n",
        "\r\n",
        "\r",
        "\n\n",
        "\0",
        "\u2028",
        "11/24/26, 下午1:05 - ",
        "٢٤/١١/٢٠٢٦، ١:٠٥ م - ",
        "24/11/2569 BE, 13:05 - ",
        "[13:05:09, 24/11/26] ",
        "2026年11月24日 13:05 - ",
        "24.11.26, 1:05 xyz - ",
        "<abc>",
        "\u200F",
        "（",
        "）",
        "IMG-20261124-WA0001.jpg (abc)",
        "99.99.99, 99:99 - ",
        "31.02.26, 10:00 - A: ",
        "01.01.26, 00:00 - B: ",
        "x",
        " ",
        "ä",
        "😀",
        "العربية",
        "\uDBFF\uDFFF",
        ".",
        "/",
        "12",
        "0",
        "2026",
        "AM",
        "Uhr",
        "\"",
        "{",
        "}",
        "Standort: https://maps.google.com/?q=1,2",
    ];

    [Fact]
    public async Task No_export_crashes_the_reader_and_no_line_is_lost()
    {
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Environment.ProcessorCount),
            async (worker, _) =>
            {
                for (var seed = worker; seed < s_cases; seed += Environment.ProcessorCount)
                    await ReadAsync(seed);
            }
        );
    }

    [Fact]
    public void No_webhook_crashes_the_parser_and_none_is_dropped()
    {
        var bodies = WebhookSamples.All.Select(Encoding.UTF8.GetBytes).ToArray();
        for (var seed = 0; seed < s_cases / 4; seed++)
        {
            var random = new Random(seed);
            var body = bodies[random.Next(bodies.Length)].ToArray();
            for (var i = random.Next(6); i > 0; i--)
                body[random.Next(body.Length)] = (byte)(
                    random.Next(3) == 0 ? random.Next(256) : "{}[]\",:0123456789nulltrue\\u"[random.Next(26)]
                );
            try
            {
                var content = WebhookParser.Parse(body, DateTimeOffset.UnixEpoch);
                var month = ChatMonth.Parse([]);
                foreach (var item in content.Items)
                    month.Add(item.Line);
                Assert.Equal(month.Lines.Count, ChatMonth.Parse(month.Write()).Lines.Count);
            }
            catch (WhatsAppException exception)
            {
                Assert.Equal(WhatsAppErrorKind.NotAWebhook, exception.Kind);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"Seed {seed}: {Encoding.Latin1.GetString(body)}", exception);
            }
        }
    }

    private static async Task ReadAsync(int seed)
    {
        var random = new Random(seed);
        var text = new StringBuilder();
        for (var i = random.Next(1, 40); i > 0; i--)
            text.Append(s_pieces[random.Next(s_pieces.Length)]);
        var bytes = Encoding.UTF8.GetBytes(text.ToString());
        if (random.Next(10) == 0)
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        try
        {
            var format = await ExportDetector.DetectAsync(new MemoryStream(bytes), null, default);
            var raw = new StringBuilder();
            var messages = new List<ExportMessage>();
            await foreach (var message in ExportReader.ReadAsync(new MemoryStream(bytes), format, default))
            {
                raw.Append(message.Raw);
                messages.Add(message);
            }

            // A byte order mark at the start of the file belongs to the encoding, not to the text.
            Assert.Equal(Encoding.UTF8.GetString(bytes).TrimStart('\uFEFF'), raw.ToString().TrimStart('\uFEFF'));
            var month = ChatMonth.Parse([]);
            var merger = new ExportMerger("chat", local => new DateTimeOffset(local, TimeSpan.Zero), DateTimeOffset.UnixEpoch);
            Assert.Equal(messages.Count, merger.Merge(month, messages, endsExport: true));
            month = ChatMonth.Parse(month.Write());
            Assert.Equal(messages.Count, month.Lines.Count);
            Assert.Equal(0, merger.Merge(month, messages, endsExport: true));
            Assert.False(month.IsChanged);
        }
        catch (WhatsAppException exception)
        {
            Assert.Contains(
                exception.Kind,
                new[] { WhatsAppErrorKind.NotAChat, WhatsAppErrorKind.WrongEncoding, WhatsAppErrorKind.UnknownTimes }
            );
        }
        catch (Exception exception)
            when (exception is not Xunit.Sdk.IAssertionException || exception.Message.IndexOf("Seed", StringComparison.Ordinal) < 0)
        {
            throw new InvalidOperationException($"Seed {seed}: {exception.Message}\n{text}", exception);
        }
    }
}
