using System.Text;
using KlarKonform.Backup.WhatsApp.Exports;

namespace KlarKonform.Backup.WhatsApp.Tests;

/// <summary>Reads an export that a test wrote.</summary>
internal static class ExportText
{
    public const char Mark = '\u200E';

    public static Task<List<ExportMessage>> ReadAsync(
        string text,
        DateOrder? order = null,
        DateTimeOffset? now = null,
        params string[] files
    ) => ReadAsync(Encoding.UTF8.GetBytes(text), order, now, files);

    public static async Task<List<ExportMessage>> ReadAsync(
        byte[] bytes,
        DateOrder? order = null,
        DateTimeOffset? now = null,
        params string[] files
    )
    {
        var known = files.Length == 0 ? null : new ExportFiles(files);
        var format = await ExportDetector.DetectAsync(new MemoryStream(bytes), order, known, now, default);
        var messages = new List<ExportMessage>();
        await foreach (var message in ExportReader.ReadAsync(new MemoryStream(bytes), format, known, default))
            messages.Add(message);
        return messages;
    }
}
