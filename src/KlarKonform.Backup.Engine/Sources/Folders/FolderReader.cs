using System.Text.Json;
using KlarKonform.Backup.Engine.Runs;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Delta;

namespace KlarKonform.Backup.Engine.Sources.Folders;

/// <summary>Reads a hierarchy by delta, from the start when its cursor expired, by listing where delta does not work.</summary>
internal static class FolderReader
{
    public static async Task<FolderChanges> ReadAsync(
        ResourceRun run, Func<Uri?, IAsyncEnumerable<DeltaPage>> delta, Func<IAsyncEnumerable<DeltaPage>> list, Func<JsonElement, SourceFolder?> describe)
    {
        var link = run.Store.State.Link is { } stored && !run.Full ? new Uri(stored) : null;
        while (true)
        {
            try
            {
                return await CollectAsync(delta(link), complete: link is null, describe).ConfigureAwait(false);
            }
            catch (GraphException exception) when (exception.Kind == GraphErrorKind.ResyncRequired && link is not null)
            {
                run.Note(Texts.Get("CursorExpired", run.Source.Kind, run.Source.Name));
                link = null;
            }
            catch (GraphException exception) when (exception.Kind == GraphErrorKind.DeltaUnavailable)
            {
                run.Note(Texts.Get("DeltaUnavailable", run.Source.Kind, run.Source.Name, exception.Code));
                return await CollectAsync(list(), complete: true, describe).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Puts the folders of pages into changes; the last word on a folder counts.</summary>
    public static async Task<FolderChanges> CollectAsync(IAsyncEnumerable<DeltaPage> pages, bool complete, Func<JsonElement, SourceFolder?> describe)
    {
        var changes = new FolderChanges { Complete = complete };
        await foreach (var page in pages.ConfigureAwait(false))
        {
            foreach (var item in page.Items)
            {
                if (item.TryGetProperty("@removed", out _))
                    changes.Remove(item.GetProperty("id").GetString()!);
                else if (describe(item) is { } folder)
                    changes.Put(folder);
            }

            changes.Link = page.DeltaLink?.ToString();
        }

        return changes;
    }
}
