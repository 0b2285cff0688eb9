using System.Text;

namespace KlarKonform.Backup.Engine.Restore.ToFolder;

/// <summary>Events of a calendar in one iCalendar object: each event once, and each time zone that they name once.</summary>
internal sealed class CalendarFile(string path, bool overwrite) : CombinedFile(path, overwrite)
{
    private const string Zone = "VTIMEZONE";

    private readonly HashSet<string> _zones = new(StringComparer.Ordinal);

    protected override string Head => "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//KlarKonform//Backup//EN\r\n";

    protected override string Tail => "END:VCALENDAR\r\n";

    protected override void Write(MemoryStream target, byte[] content, DateTimeOffset time)
    {
        var blocks = Blocks(Encoding.UTF8.GetString(content));
        if (!blocks.Exists(block => block.Kind != Zone))
            throw new FormatException(Texts.Get("RestoreNoEvent"));
        foreach (var (kind, text) in blocks)
        {
            if (kind != Zone || _zones.Add(text))
                target.Write(Encoding.UTF8.GetBytes(text));
        }
    }

    // The components of the file; an unterminated one is an error, not a shorter event.
    private static List<(string Kind, string Text)> Blocks(string content)
    {
        var blocks = new List<(string, string)>();
        var block = new StringBuilder();
        string? kind = null;
        foreach (var line in content.Split('\n').Select(line => line.TrimEnd('\r')))
        {
            if (kind is null && line.StartsWith("BEGIN:", StringComparison.Ordinal) && line != "BEGIN:VCALENDAR")
                kind = line[6..];
            if (kind is null)
                continue;
            block.Append(line).Append("\r\n");
            if (line != "END:" + kind)
                continue;
            blocks.Add((kind, block.ToString()));
            block.Clear();
            kind = null;
        }

        return kind is null ? blocks : throw new FormatException(Texts.Get("RestoreNoEvent"));
    }
}
