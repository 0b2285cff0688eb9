using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Delta;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>Reads a hierarchy by delta, from the start if its cursor expired, or by listing where delta does not work.</summary>
internal static class HierarchyReader
{
    public static async Task<FolderChanges> ReadAsync(
        ResourceBackup run,
        Func<Uri?, IAsyncEnumerable<DeltaPage>> delta,
        Func<IAsyncEnumerable<DeltaPage>> list,
        Func<JsonElement, Task<SourceFolder?>> describe,
        CancellationToken cancellationToken
    )
    {
        var link =
            run.Store.State.Link is { } stored && !run.Full && Uri.TryCreate(stored, UriKind.Absolute, out var address) ? address : null;
        while (true)
        {
            try
            {
                return await CollectAsync(delta(link), complete: link is null, describe, cancellationToken);
            }
            catch (GraphException exception) when (link is not null && PageFailure.IsOfTheAnswer(exception))
            {
                run.Note(Texts.Get("CursorExpired", run.Source.Kind, run.Source.Name));
                link = null;
            }
            catch (GraphException exception) when (PageFailure.IsOfTheAnswer(exception))
            {
                run.Note(Texts.Get("DeltaUnavailable", run.Source.Kind, run.Source.Name, exception.Code));
                return await CollectAsync(list(), complete: true, describe, cancellationToken);
            }
        }
    }

    /// <summary>Collects the folders of pages as changes; the last entry of a folder counts.</summary>
    public static async Task<FolderChanges> CollectAsync(
        IAsyncEnumerable<DeltaPage> pages,
        bool complete,
        Func<JsonElement, Task<SourceFolder?>> describe,
        CancellationToken cancellationToken
    )
    {
        var changes = new FolderChanges { Complete = complete };
        await foreach (var page in pages)
        {
            foreach (var item in page.Items)
            {
                if (item.TryGetProperty("@removed", out _))
                    changes.Remove(item.Text("id"));
                else
                    await DescribeAsync(changes, item, describe, cancellationToken);
            }

            changes.Unread += page.Nameless + page.Unread;
            changes.Link = page.DeltaLink?.ToString();
        }

        // An unread entry may be another folder: nothing counts as gone because of this look, and the next one begins where this one did.
        if (changes.Unread + changes.Odd.Count > 0)
            (changes.Complete, changes.Link) = (false, null);
        return changes;
    }

    private static async Task DescribeAsync(
        FolderChanges changes,
        JsonElement item,
        Func<JsonElement, Task<SourceFolder?>> describe,
        CancellationToken cancellationToken
    )
    {
        try
        {
            if (await describe(item) is { } folder)
                changes.Put(folder);
        }
        catch (Exception exception) when (Wall.Holds(exception, cancellationToken))
        {
            changes.Odd.Add((item.Text("id"), exception));
        }
    }
}
