using System.Globalization;
using KlarKonform.Backup.WhatsApp.Archive;

namespace KlarKonform.Backup.Engine.Restore.ToFolder;

/// <summary>A chat as a table: one row per message, and one row for each thing that happened to a message.</summary>
internal sealed class ChatFile(string path, bool overwrite) : CsvFile(path, overwrite, s_columns)
{
    private static readonly string[] s_columns =
    [
        "time",
        "localTime",
        "direction",
        "from",
        "number",
        "kind",
        "type",
        "text",
        "file",
        "status",
        "edited",
        "deleted",
        "answers",
        "id",
    ];

    protected override void Write(MemoryStream target, byte[] content, DateTimeOffset time)
    {
        foreach (var line in ChatMonth.Parse(content).Lines)
        {
            WriteRow(
                target,
                [
                    line.Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
                    line.LocalTime ?? "",
                    line.Outgoing ? "out"
                    : line.Source == "export" ? ""
                    : "in",
                    line.From?.Name ?? "",
                    line.From?.Id ?? "",
                    line.Record.ToString(),
                    line.Type,
                    line.Text ?? "",
                    line.Media?.File ?? line.Media?.Name ?? "",
                    line.Media is { State: not MediaState.Stored } media ? media.State.ToString() : line.Status ?? "",
                    line.Edited ? "true" : "",
                    line.Deleted ? "true" : "",
                    line.Target ?? "",
                    line.Id,
                ]
            );
        }
    }
}
