using System.Text.Json;

namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>How what is stored is read: deeper than any answer that was accepted, or an item that arrived could never be compared again.</summary>
internal static class DeepJson
{
    /// <summary>Levels; an answer of Graph's may have 512, and what we wrap around it has some more.</summary>
    public const int MaxDepth = 1024;

    /// <summary>For <see cref="JsonDocument"/> and for JSON nodes.</summary>
    public static JsonDocumentOptions Options => new() { MaxDepth = MaxDepth };

    /// <summary>Reads stored JSON.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> json) => JsonDocument.Parse(json, Options);
}
