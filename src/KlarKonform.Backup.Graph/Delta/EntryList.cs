using System.Text.Json;

namespace KlarKonform.Backup.Graph.Delta;

/// <summary>A listing that was read to its end.</summary>
/// <param name="Items">Its entries.</param>
/// <param name="IsWhole">Whether they are all entries: otherwise nothing may be concluded from what is not in it.</param>
public sealed record EntryList(IReadOnlyList<JsonElement> Items, bool IsWhole)
{
    /// <summary>Collects pages.</summary>
    internal static async Task<EntryList> GatherAsync(IAsyncEnumerable<DeltaPage> pages)
    {
        var all = new List<JsonElement>();
        var isWhole = true;
        await foreach (var page in pages.ConfigureAwait(false))
        {
            all.AddRange(page.Items.Select(item => item.Clone()));
            isWhole &= page.IsWhole;
        }

        return new EntryList(all, isWhole);
    }
}
