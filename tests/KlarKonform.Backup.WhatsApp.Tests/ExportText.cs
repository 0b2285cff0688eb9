using System.Text;
using KlarKonform.Backup.WhatsApp.Exports;

namespace KlarKonform.Backup.WhatsApp.Tests;

/// <summary>Reads an export that a test wrote.</summary>
internal static class ExportText
{
    public const char Mark = '\u200E';

    public static async Task<List<ExportMessage>> ReadAsync(string text, DateOrder? order = null)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var format = await ExportDetector.DetectAsync(new MemoryStream(bytes), order, default);
        var messages = new List<ExportMessage>();
        await foreach (var message in ExportReader.ReadAsync(new MemoryStream(bytes), format, default))
            messages.Add(message);
        return messages;
    }
}
