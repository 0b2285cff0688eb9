using System.Text.Encodings.Web;
using System.Text.Json;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Sources.Resources;

/// <summary>JSON that people may read: a list's row, a page, a contact.</summary>
internal static class JsonFile
{
    /// <summary>Indented, with umlauts unescaped.</summary>
    public static JsonSerializerOptions Readable { get; } =
        new()
        {
            WriteIndented = true,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            MaxDepth = DeepJson.MaxDepth,
        };

    /// <summary>The bytes of a value; the same value always gives the same bytes.</summary>
    public static byte[] Write<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, Readable);

    /// <summary>Stores small content and returns a node without a name.</summary>
    public static async Task<Node> SaveAsync(
        ResourceBackup run,
        byte[] content,
        DateTimeOffset modified,
        CancellationToken cancellationToken
    )
    {
        using var stream = new MemoryStream(content, writable: false);
        return await run.SaveAsync(stream, modified, cancellationToken);
    }
}
