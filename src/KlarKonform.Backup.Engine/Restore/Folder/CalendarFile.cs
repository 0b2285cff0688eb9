using System.Text;

namespace KlarKonform.Backup.Engine.Restore.Folder;

/// <summary>Events of a calendar in one iCalendar object: every event once, and every time zone that they name.</summary>
internal sealed class CalendarFile(string path, bool overwrite) : CombinedFile(path, overwrite)
{
    private readonly HashSet<string> _zones = new(StringComparer.Ordinal);
    private bool _begun;

    public override async Task AddAsync(byte[] content, DateTimeOffset time, CancellationToken cancellationToken)
    {
        if (!_begun)
            await WriteAsync("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//KlarKonform//Backup//EN\r\n", cancellationToken).ConfigureAwait(false);
        _begun = true;
        var block = new StringBuilder();
        string? kind = null;
        foreach (var line in Encoding.UTF8.GetString(content).Split("\n").Select(line => line.TrimEnd('\r')))
        {
            if (kind is null && line.StartsWith("BEGIN:", StringComparison.Ordinal) && line != "BEGIN:VCALENDAR")
                kind = line[6..];
            if (kind is null)
                continue;
            block.Append(line).Append("\r\n");
            if (line != "END:" + kind)
                continue;
            var text = block.ToString();
            if (kind != "VTIMEZONE" || _zones.Add(text))
                await WriteAsync(text, cancellationToken).ConfigureAwait(false);
            block.Clear();
            kind = null;
        }
    }

    protected override async Task EndAsync(CancellationToken cancellationToken) => await WriteAsync("END:VCALENDAR\r\n", cancellationToken).ConfigureAwait(false);
}
