using System.Globalization;
using System.Text;
using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.DemoTenant.Generation;

/// <summary>A message as MIME: the same message always gives the same bytes.</summary>
public static class MimeWriter
{
    private static readonly string[] s_words =
    [
        "Angebot",
        "Rechnung",
        "über",
        "Lieferung",
        "prüfen",
        "bitte",
        "Termin",
        "morgen",
        "Grüße",
        "Anlage",
        "Vertrag",
        "Größe",
        "und",
        "der",
        "die",
        "Projekt",
    ];

    // Whole lines of base64, so that the pieces of a large attachment fit together.
    private const int Piece = 57 * 4096;

    public static byte[] Write(DemoMessage message)
    {
        using var stream = new MemoryStream();
        WriteAsync(message, stream, CancellationToken.None).GetAwaiter().GetResult();
        return stream.ToArray();
    }

    /// <summary>Writes a message of any size without keeping it in memory.</summary>
    public static async Task WriteAsync(DemoMessage message, Stream stream, CancellationToken cancellationToken)
    {
        if (message.RawMime is not null)
        {
            await stream.WriteAsync(message.RawMime, cancellationToken);
            return;
        }

        if (message.LargeAttachment == 0)
        {
            await stream.WriteAsync(Small(message), cancellationToken);
            return;
        }

        await stream.WriteAsync(
            Encoding.ASCII.GetBytes(
                $"From: {message.From}\r\nMessage-ID: {message.InternetMessageId}\r\nMIME-Version: 1.0\r\n"
                    + $"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            ),
            cancellationToken
        );
        var buffer = new byte[Piece];
        for (var position = 0; position < message.LargeAttachment; position += Piece)
        {
            var part = buffer.AsMemory(0, Math.Min(Piece, message.LargeAttachment - position));
            SeededContent.Fill(message.Seed, position, part.Span);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(Base64(part.ToArray())), cancellationToken);
        }
    }

    private static byte[] Small(DemoMessage message)
    {
        var text = new StringBuilder();
        text.Append("Received: from mx.example (192.0.2.7) by mail.example; ").Append(Date(message.Received)).Append("\r\n");
        text.Append("From: ").Append(message.From).Append("\r\nTo: ").Append(message.To).Append("\r\n");
        text.Append("Subject: ").Append(EncodeWord(message.Subject)).Append("\r\n");
        text.Append("Date: ").Append(Date(message.Received.AddSeconds(-2))).Append("\r\n");
        text.Append("Message-ID: ").Append(message.InternetMessageId).Append("\r\nMIME-Version: 1.0\r\n");
        var body = Body(message);
        if (message.Attachments.Count == 0)
        {
            text.Append("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n")
                .Append(Base64(Encoding.UTF8.GetBytes(body)));
            return Encoding.ASCII.GetBytes(text.ToString());
        }

        var boundary = $"=_demo_{message.Seed:x16}";
        text.Append(CultureInfo.InvariantCulture, $"Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n--{boundary}\r\n");
        text.Append("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n")
            .Append(Base64(Encoding.UTF8.GetBytes(body)));
        foreach (var attachment in message.Attachments)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"--{boundary}\r\nContent-Type: {attachment.ContentType}; name=\"{attachment.Name}\"\r\n"
            );
            text.Append(
                CultureInfo.InvariantCulture,
                $"Content-Disposition: attachment; filename=\"{attachment.Name}\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            );
            text.Append(Base64(SeededContent.Bytes(attachment.Seed, attachment.Size)));
        }

        text.Append(CultureInfo.InvariantCulture, $"--{boundary}--\r\n");
        return Encoding.ASCII.GetBytes(text.ToString());
    }

    public static string Body(DemoMessage message)
    {
        var random = new Random((int)message.Seed);
        var body = new StringBuilder("Guten Tag,\r\n\r\n");
        while (body.Length < message.TextLength)
            body.Append(s_words[random.Next(s_words.Length)]).Append(random.Next(12) == 0 ? ".\r\n" : " ");
        return body.Append("\r\n\r\nMit freundlichen Grüßen\r\n").ToString();
    }

    private static string Base64(byte[] bytes) => Convert.ToBase64String(bytes, Base64FormattingOptions.InsertLineBreaks) + "\r\n";

    private static string Date(DateTimeOffset time) =>
        time.ToUniversalTime().ToString("ddd, dd MMM yyyy HH:mm:ss '+0000'", CultureInfo.InvariantCulture);

    private static string EncodeWord(string text) =>
        text.All(char.IsAscii) ? text : $"=?utf-8?B?{Convert.ToBase64String(Encoding.UTF8.GetBytes(text))}?=";
}
