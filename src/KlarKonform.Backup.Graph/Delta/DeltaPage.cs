using System.Text.Json;

namespace KlarKonform.Backup.Graph.Delta;

/// <summary>A page of a delta round or of a listing, raw. Dispose it after its items are used.</summary>
public sealed class DeltaPage : IDisposable
{
    private readonly JsonDocument? _document;

    /// <summary>Takes an answer over, and disposes it if it is no page.</summary>
    /// <exception cref="GraphException">BrokenAnswer: it has no list of entries, a link that is none, or, being a delta's, no link at all. Missing is never empty.</exception>
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

    /// <summary>Entries that are no objects or have no id: something is there, and nobody knows what.</summary>
    public int Nameless { get; }

    /// <summary>Entries that the service could not write, and that were passed over so that the others are read.</summary>
    public int Unread { get; }

    /// <summary>Whether the page says all that there is of its part of the round: else nothing may be concluded from what it does not name.</summary>
    public bool IsWhole => Nameless + Unread == 0;

    /// <summary>The next page of this round, or null.</summary>
    public Uri? NextLink { get; }

    /// <summary>Where the next round starts, on the last page; else null.</summary>
    public Uri? DeltaLink { get; }

    /// <summary>In place of an entry that the service cannot write.</summary>
    internal static DeltaPage Skip(Uri next) => new(1, next);

    /// <inheritdoc />
    public void Dispose() => _document?.Dispose();

    // With an id, and if it says that the item is gone, in the form that this is said in: "@removed": null says nothing.
    private static bool IsNamed(JsonElement entry)
    {
        if (!entry.TryGetProperty("id", out var id) || id.ValueKind != JsonValueKind.String || id.GetString() is not { Length: > 0 })
            return false;
        return (!entry.TryGetProperty("@removed", out var removed) || removed.ValueKind == JsonValueKind.Object)
            && (!entry.TryGetProperty("deleted", out var deleted) || deleted.ValueKind == JsonValueKind.Object)

            // Of a group's members nothing but the delta ever tells: members that are no list are none that were told.
            && (!entry.TryGetProperty("members@delta", out var members) || members.ValueKind == JsonValueKind.Array);
    }

    // A geo without sites names its location alone.
    private static bool IsUnnamed(JsonElement entry) => entry.TryGetProperty("siteCollection", out _) && !entry.TryGetProperty("webUrl", out _);

    private static Uri? Link(JsonElement root, string name)
    {
        if (!root.TryGetProperty(name, out var link) || link.ValueKind == JsonValueKind.Null)
            return null;
        return link.ValueKind == JsonValueKind.String && Uri.TryCreate(link.GetString(), UriKind.Absolute, out var address) && address.Scheme.StartsWith("http", StringComparison.Ordinal)
            ? address : throw GraphException.Broken($"The answer's {name} is no address.");
    }
}
