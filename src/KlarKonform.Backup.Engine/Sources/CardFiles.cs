using System.Text.Json;
using KlarKonform.Backup.Engine.Runs;
using KlarKonform.Backup.Engine.State;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Sources;

/// <summary>A person or group in the snapshot: the JSON, a vCard and a photo beside it.</summary>
internal static class CardFiles
{
    public const string Photo = ".jpg";

    private const string Card = ".vcf";

    private static readonly JsonSerializerOptions s_readable = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task<ItemContent> SaveAsync(ResourceRun run, JsonElement json, byte[] card, byte[]? photo, DateTimeOffset modified, CancellationToken cancellationToken)
    {
        var parts = new List<(string, Node)> { (Card, await SaveAsync(run, card, modified, cancellationToken).ConfigureAwait(false)) };
        if (photo is not null)
            parts.Add((Photo, await SaveAsync(run, photo, modified, cancellationToken).ConfigureAwait(false)));
        return new ItemContent(await SaveAsync(run, JsonSerializer.SerializeToUtf8Bytes(json, s_readable), modified, cancellationToken).ConfigureAwait(false), parts);
    }

    private static async Task<Node> SaveAsync(ResourceRun run, byte[] content, DateTimeOffset modified, CancellationToken cancellationToken)
    {
        using var stream = new MemoryStream(content, writable: false);
        return await run.SaveAsync(stream, modified, cancellationToken).ConfigureAwait(false);
    }
}
