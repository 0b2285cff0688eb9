using System.Globalization;
using System.Text;

namespace KlarKonform.Backup.Engine.Restore.ToFolder;

/// <summary>
/// Mails of a folder as mbox: each after a line that begins with "From "; lines of a mail that look like one are quoted (mboxrd).
/// </summary>
internal sealed class MboxFile(string path, bool overwrite) : CombinedFile(path, overwrite)
{
    protected override void Write(MemoryStream target, byte[] content, DateTimeOffset time)
    {
        target.Write(
            Encoding.ASCII.GetBytes(
                string.Create(CultureInfo.InvariantCulture, $"From MAILER-DAEMON {time.UtcDateTime:ddd MMM d HH:mm:ss yyyy}\n")
            )
        );
        for (var start = 0; start < content.Length; )
        {
            var end = Array.IndexOf(content, (byte)'\n', start);
            var line = content.AsSpan(start, (end < 0 ? content.Length : end) - start);
            if (line.Length > 0 && line[^1] == '\r')
                line = line[..^1];
            if (line.TrimStart((byte)'>').StartsWith("From "u8))
                target.WriteByte((byte)'>');
            target.Write(line);
            target.WriteByte((byte)'\n');
            start = end < 0 ? content.Length : end + 1;
        }

        target.WriteByte((byte)'\n');
    }
}
