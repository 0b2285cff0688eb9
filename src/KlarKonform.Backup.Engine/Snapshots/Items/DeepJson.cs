using System.Text.Json;

namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>
/// How to read what is stored: deeper than any response that was accepted, because otherwise an item that arrived could never be compared
/// again.
/// </summary>
internal static class DeepJson
{
    /// <summary>Levels; a response from Graph may have 512, and our wrapper around it adds some more.</summary>
    public const int MaxDepth = 1024;

    /// <summary>For <see cref="JsonDocument"/> and for JSON nodes.</summary>
    public static JsonDocumentOptions Options => new() { MaxDepth = MaxDepth };

    /// <summary>Reads stored JSON.</summary>
    /// <exception cref="JsonException">It is not valid JSON.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> json) => JsonDocument.Parse(json, Options);
}
