using System.Text.Json;

namespace KlarKonform.Backup.Graph.Delta;

/// <summary>A page of a delta round, raw. Dispose it after its items are used.</summary>
public sealed class DeltaPage : IDisposable
{
    private readonly JsonDocument _document;

    internal DeltaPage(JsonDocument document)
    {
        _document = document;
        var root = document.RootElement;
        Items = root.TryGetProperty("value", out var value) && value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [];
        NextLink = Link(root, "@odata.nextLink");
        DeltaLink = Link(root, "@odata.deltaLink");
    }

    /// <summary>The entries; valid until the page is disposed.</summary>
    public IReadOnlyList<JsonElement> Items { get; }

    /// <summary>The next page of this round, or null.</summary>
    public Uri? NextLink { get; }

    /// <summary>Where the next round starts, on the last page; else null.</summary>
    public Uri? DeltaLink { get; }

    /// <inheritdoc />
    public void Dispose() => _document.Dispose();

    private static Uri? Link(JsonElement root, string name) =>
        root.TryGetProperty(name, out var link) && link.GetString() is { } text ? new Uri(text) : null;
}
