using System.Text.Json;

namespace KlarKonform.Backup.Graph.Delta;

/// <summary>A page of a delta round or of a listing, raw. Dispose it after its items are used.</summary>
public sealed class DeltaPage : IDisposable
{
    private readonly JsonDocument? _document;

    /// <summary>Takes over a response, and disposes it if it is not a page.</summary>
    /// <exception cref="GraphException">BrokenAnswer: it has no list of entries, an invalid link, or, for a delta, no link at all. A
    /// missing list is never taken for an empty one.</exception>
    internal DeltaPage(JsonDocument document, PageKind kind = PageKind.Listing)
    {
        _document = document;
        try
        {
            var root = document.RootElement;
            if (!root.TryGetProperty("value", out var value) || value.ValueKind != JsonValueKind.Array)
                throw GraphException.Broken("The answer has no list of entries.");
            NextLink = Link(root, "@odata.nextLink");
            DeltaLink = Link(root, "@odata.deltaLink");
            if (kind == PageKind.Delta && NextLink is null && DeltaLink is null)
                throw GraphException.Broken("The delta's page says neither where it goes on nor where the next round starts.");
            var items = new List<JsonElement>(value.GetArrayLength());
            foreach (var entry in value.EnumerateArray())
            {
                if (entry.ValueKind == JsonValueKind.Object && (kind == PageKind.Details || IsNamed(entry) || IsUnnamed(entry)))
                    items.Add(entry);
                else
                    Nameless++;
            }

            Items = items;
        }
        catch
        {
            document.Dispose();
            throw;
        }
    }

    private DeltaPage(int unread, Uri next)
    {
        Items = [];
        Unread = unread;
        NextLink = next;
    }

    /// <summary>The entries, each an object with an id; valid until the page is disposed.</summary>
    public IReadOnlyList<JsonElement> Items { get; }

    /// <summary>Number of entries that are not objects or have no id: something exists, but it is unknown what.</summary>
    public int Nameless { get; }

    /// <summary>Number of entries that the service could not write and that were skipped so that the others can be read.</summary>
    public int Unread { get; }

    /// <summary>
    /// Whether the page contains everything of its part of the round: otherwise nothing may be concluded from what it does not contain.
    /// </summary>
    public bool IsWhole => Nameless + Unread == 0;

    /// <summary>The next page of this round, or null.</summary>
    public Uri? NextLink { get; }

    /// <summary>Where the next round starts, on the last page; otherwise null.</summary>
    public Uri? DeltaLink { get; }

    /// <summary>In place of an entry that the service cannot write.</summary>
    internal static DeltaPage Skip(Uri next) => new(1, next);

    /// <inheritdoc />
    public void Dispose() => _document?.Dispose();

    // It has an id, and if it says that the item is gone, in the proper form: "@removed": null says nothing.
    private static bool IsNamed(JsonElement entry)
    {
        if (!entry.TryGetProperty("id", out var id) || id.ValueKind != JsonValueKind.String || id.GetString() is not { Length: > 0 })
            return false;
        return (!entry.TryGetProperty("@removed", out var removed) || removed.ValueKind == JsonValueKind.Object)
            && (!entry.TryGetProperty("deleted", out var deleted) || deleted.ValueKind == JsonValueKind.Object)
            // A group's members come only through delta: if they are not a list, none were reported.
            && (!entry.TryGetProperty("members@delta", out var members) || members.ValueKind == JsonValueKind.Array);
    }

    // A geo without sites only has a location.
    private static bool IsUnnamed(JsonElement entry) =>
        entry.TryGetProperty("siteCollection", out _) && !entry.TryGetProperty("webUrl", out _);

    private static Uri? Link(JsonElement root, string name)
    {
        if (!root.TryGetProperty(name, out var link) || link.ValueKind == JsonValueKind.Null)
            return null;
        return
            link.ValueKind == JsonValueKind.String
            && Uri.TryCreate(link.GetString(), UriKind.Absolute, out var address)
            && address.Scheme.StartsWith("http", StringComparison.Ordinal)
            ? address
            : throw GraphException.Broken($"The answer's {name} is no address.");
    }
}
