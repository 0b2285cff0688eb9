using System.Globalization;

namespace KlarKonform.Backup.Engine.Restore.Folder;

/// <summary>Mails of a folder as mbox: each after a line that begins with "From ", lines of a mail that look like one quoted (mboxrd).</summary>
internal sealed class MboxFile(string path, bool overwrite) : CombinedFile(path, overwrite)
{
    public override async Task AddAsync(byte[] content, DateTimeOffset time, CancellationToken cancellationToken)
    {
        await WriteAsync(string.Create(CultureInfo.InvariantCulture, $"From MAILER-DAEMON {time.UtcDateTime:ddd MMM d HH:mm:ss yyyy}\n"), cancellationToken).ConfigureAwait(false);
        using var mail = new MemoryStream(content.Length + 256);
        for (var start = 0; start < content.Length;)
        {
            var end = Array.IndexOf(content, (byte)'\n', start);
            var line = content.AsSpan(start, (end < 0 ? content.Length : end) - start);
            if (line.Length > 0 && line[^1] == '\r')
                line = line[..^1];
            if (line.TrimStart((byte)'>').StartsWith("From "u8))
                mail.WriteByte((byte)'>');
            mail.Write(line);
            mail.WriteByte((byte)'\n');
            start = end < 0 ? content.Length : end + 1;
        }

        mail.WriteByte((byte)'\n');
        mail.Position = 0;
        await mail.CopyToAsync(Stream, cancellationToken).ConfigureAwait(false);
    }
}
