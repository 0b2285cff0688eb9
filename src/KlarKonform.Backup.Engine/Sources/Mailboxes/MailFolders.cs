using System.Text.Json;
using System.Text.RegularExpressions;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Engine.Sources.Shapes;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Mail;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>
/// A mailbox's folders: the hierarchy by delta; now and then a listing of everything, because Microsoft does not promise that delta reports
/// hidden folders; and the dumpster and the archive, which have no hierarchy delta.
/// </summary>
internal sealed partial class MailFolders(MailApi mail, MailSelection selection, ResourceBackup run)
{
    private const string RecoverableItems = "Recoverable Items";
    private const string Archive = "Archive Mailbox";

    private static readonly TimeSpan s_listEvery = TimeSpan.FromDays(7);

    // Which of them Graph accepts differs; the first one contains the others.
    private static readonly (string WellKnownName, string Name)[] s_dumpster =
    [
        ("recoverableitemsroot", RecoverableItems),
        ("recoverableitemsdeletions", RecoverableItems),
        ("recoverableitemspurges", RecoverableItems + " (Purges)"),
        ("recoverableitemsversions", RecoverableItems + " (Versions)"),
        ("recoverableitemsdiscoveryholds", RecoverableItems + " (DiscoveryHolds)"),
    ];

    public async Task<FolderChanges> ReadAsync(CancellationToken cancellationToken)
    {
        var root = await RootAsync(cancellationToken);
        var changes = await HierarchyReader.ReadAsync(
            run,
            link => mail.FolderDeltaAsync(link, cancellationToken),
            () => mail.ListFoldersAsync(null, cancellationToken),
            item => DescribeAsync(item, root, cancellationToken),
            cancellationToken
        );
        var state = run.Store.State;
        var due = changes.Complete || state.FoldersListed is not { } listed || run.Now - listed >= s_listEvery;
        if (due)
        {
            var all = await HierarchyReader.CollectAsync(
                mail.ListFoldersAsync(null, cancellationToken),
                complete: true,
                item => DescribeAsync(item, root, cancellationToken),
                cancellationToken
            );
            foreach (var folder in all.Folders.Values)
                changes.Put(folder);
            changes.Odd.AddRange(all.Odd.Where(each => changes.Odd.TrueForAll(other => other.Id != each.Id)));
            changes.Unread = Math.Max(changes.Unread, all.Unread);
            changes.Complete = changes.Unread + changes.Odd.Count == 0;
        }

        await AddSpecialAsync(changes, cancellationToken);

        // What the listing left out is requested again: delta does not report hidden folders.
        if (due && changes.Unread + changes.Odd.Count == 0)
            await run.Store.ChangeStateAsync(each => each.FoldersListed = run.Now, cancellationToken);
        return changes;
    }

    // The hierarchy's root is not a folder that anyone sees; its id is the parent of the visible tree.
    private async Task<string> RootAsync(CancellationToken cancellationToken)
    {
        if (run.Store.State.RootId is { } known)
            return known;
        var root = "";
        try
        {
            using var folder = await mail.FolderAsync("msgfolderroot", cancellationToken);
            root = folder.RootElement.Text("id");
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotProvisioned)
        {
            throw exception.OfResource(); // The first request to a mailbox: thousands have none and are not asked twice.
        }
        catch (GraphException exception)
            when (exception.Kind
                    is not (
                        GraphErrorKind.SignInFailed
                        or GraphErrorKind.UntrustedCertificate
                        or GraphErrorKind.Throttled
                        or GraphErrorKind.ResourceGone
                    )
            )
        {
            // Another folder knows it too.
        }

        // The inbox is directly below it.
        if (root.Length == 0)
        {
            using var inbox = await mail.FolderAsync("inbox", cancellationToken);
            root = inbox.RootElement.Text("parentFolderId") is { Length: > 0 } parent
                ? parent
                : throw GraphException.Broken("The mailbox does not say what its root is.");
        }

        await run.Store.ChangeStateAsync(state => state.RootId = root, cancellationToken);
        return root;
    }

    private async Task AddSpecialAsync(FolderChanges changes, CancellationToken cancellationToken)
    {
        if (selection.RecoverableItems == true)
        {
            var found = false;
            foreach (var (wellKnownName, name) in s_dumpster)
            {
                found |= await AddTreeAsync(changes, wellKnownName, name, cancellationToken) is null;
                if (found && wellKnownName == s_dumpster[0].WellKnownName)
                    break;
            }

            if (!found)
                run.Note(Texts.Get("RecoverableItemsMissing", run.Source.Name));
        }

        if (selection.Archive == true && await AddTreeAsync(changes, "archivemsgfolderroot", Archive, cancellationToken) is { } refused)
            run.Note(Texts.Get("ArchiveMissing", run.Source.Name, refused.Code));
    }

    // A special folder with everything below it; returns why it cannot be read.
    private async Task<GraphException?> AddTreeAsync(
        FolderChanges changes,
        string wellKnownName,
        string name,
        CancellationToken cancellationToken
    )
    {
        try
        {
            using var top = await mail.FolderAsync(wellKnownName, cancellationToken);
            var id = top.RootElement.Text("id");
            if (changes.Folders.ContainsKey(id))
                return null;
            var below = await HierarchyReader.CollectAsync(
                mail.ListFoldersAsync(id, cancellationToken),
                complete: true,
                item => DescribeAsync(item, root: "", cancellationToken),
                cancellationToken
            );
            changes.Odd.AddRange(below.Odd);
            changes.Unread += below.Unread;
            changes.Complete &= below.Odd.Count + below.Unread == 0;
            changes.Put(new SourceFolder(id, "", name, name, ItemMetadata.Write("mailFolder", id, top.RootElement)));
            foreach (var folder in below.Folders.Values)
                changes.Put(folder);
            if (run.Store.State.SpecialFolders.GetValueOrDefault(wellKnownName) != id)
                await run.Store.ChangeStateAsync(state => state.SpecialFolders[wellKnownName] = id, cancellationToken);
            return null;
        }
        catch (GraphException exception)
            when (exception.Kind
                    is GraphErrorKind.NotFound
                        or GraphErrorKind.Other
                        or GraphErrorKind.NotProvisioned
                        or GraphErrorKind.AccessDenied
            )
        {
            // A folder that existed and is refused now is not gone: nothing may be removed because of this look.
            if (exception.Kind != GraphErrorKind.NotFound && run.Store.State.SpecialFolders.ContainsKey(wellKnownName))
                changes.Complete = false;
            return exception;
        }
    }

    // A delta entry may contain only what changed: for a folder without a name, the name is requested. Search folders only repeat what is
    // elsewhere.
    private async Task<SourceFolder?> DescribeAsync(JsonElement item, string root, CancellationToken cancellationToken)
    {
        var id = item.Text("id");
        if (id == root || item.Text("@odata.type") == "#microsoft.graph.mailSearchFolder")
            return null;
        if (!GraphShapes.MailFolder.Judge(item, run.Now).IsOdd)
            return Describe(item, root);
        using var answer = await mail.FolderAsync(id, cancellationToken);
        return GraphShapes.MailFolder.Judge(answer.RootElement, run.Now) is { Wrong.Count: > 0 } verdict
            ? await OddFolder.KeepAsync(run, id, answer.RootElement, verdict, cancellationToken)
            : Describe(answer.RootElement, root);
    }

    private static SourceFolder? Describe(JsonElement item, string root)
    {
        var id = item.Text("id");
        var name = item.Text("displayName");
        var parent = item.Text("parentFolderId");
        return new SourceFolder(id, parent == root ? "" : parent, name, FolderName(name, id), ItemMetadata.Write("mailFolder", id, item));
    }

    // A folder that is named like one of our month folders gets its mark.
    private static string FolderName(string name, string id)
    {
        var safe = SafeName.From(name);
        return MonthName().IsMatch(safe) ? SafeName.WithMark(safe, id) : safe;
    }

    [GeneratedRegex(@"^[0-9]{4}-[0-9]{2}\z")]
    private static partial Regex MonthName();
}
