using System.Globalization;
using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Engine.Sources.Shapes;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Mail;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>A mailbox's mail: MIME as Exchange writes it, with the properties that MIME lacks stored next to it.</summary>
internal sealed class MailItems(MailApi mail, MailSelection selection, ResourceBackup run) : IFolderedItems
{
    /// <summary>
    /// Appended to the change key of a message whose MIME was not available: it is stored as JSON, and its MIME tried again.
    /// </summary>
    private const string AsJson = "~json";

    // In place of a version: the MIME is an older one of unknown version.
    private const string UnknownMime = "?#";

    // Properties that MIME does not contain: a new change key that they explain needs no new download.
    private static readonly string[] s_besideMime = ["isRead", "flag", "categories", "importance", "inferenceClassification"];

    // Properties that MIME is made from: if one of them changed, so did the MIME.
    private static readonly string[] s_inMime =
    [
        "subject",
        "bodyPreview",
        "hasAttachments",
        "from",
        "sender",
        "toRecipients",
        "ccRecipients",
        "bccRecipients",
        "replyTo",
        "sentDateTime",
        "receivedDateTime",
        "internetMessageId",
    ];

    public bool HasIds => true;

    public string CursorForm => MailApi.CursorForm;

    public Task<FolderChanges> ReadHierarchyAsync(CancellationToken cancellationToken) =>
        new MailFolders(mail, selection, run).ReadAsync(cancellationToken);

    public Task<bool> IsFolderThereAsync(string folder, CancellationToken cancellationToken) =>
        Presence.IsThereAsync(async () => (await mail.FolderAsync(folder, cancellationToken)).Dispose());

    public IAsyncEnumerable<DeltaPage> DeltaPagesAsync(string folder, Uri? cursor, CancellationToken cancellationToken) =>
        mail.MessageDeltaAsync(folder, cursor, cancellationToken);

    public IAsyncEnumerable<DeltaPage> ListedPagesAsync(string folder, CancellationToken cancellationToken) =>
        mail.ListMessagesAsync(folder, cancellationToken);

    public IAsyncEnumerable<DeltaPage> IdPagesAsync(string folder, CancellationToken cancellationToken) =>
        mail.MessageIdsAsync(folder, cancellationToken);

    public async Task<int?> CountAsync(string folder, CancellationToken cancellationToken) =>
        await mail.ItemCountAsync(folder, cancellationToken);

    public async Task<FetchedItem> FetchAsync(string id, string folder, CancellationToken cancellationToken)
    {
        var item = await mail.MessageAsync(id, cancellationToken);
        return new FetchedItem(item.RootElement.Text("parentFolderId"), item);
    }

    public Task StoreAsync(string folder, IReadOnlyList<SourceItem> items, Action onVanished, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            items,
            new ParallelOptions { MaxDegreeOfParallelism = MailboxLimits.Concurrency, CancellationToken = cancellationToken },
            async (item, token) => await StoreChangedAsync(folder, item, onVanished, token)
        );

    private async Task StoreChangedAsync(string folder, SourceItem item, Action onVanished, CancellationToken cancellationToken)
    {
        var (id, json) = item;
        var old = await run.Store.FindAsync(id, cancellationToken);
        var version = json.Text("changeKey");
        var isKnown = version.Length > 0 && old is not null && old.Version == version && old.Parent == folder && !run.IsDue(id);
        if (isKnown && (!run.Full || await IsAsStoredAsync(old!, json, cancellationToken)))
            return;
        await run.GuardAsync(
            id,
            folder,
            json.Text("subject"),
            async () =>
            {
                try
                {
                    await StoreWholeAsync(old, folder, item, cancellationToken);
                }
                catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
                {
                    onVanished(); // Deleted or moved away since the page was read.
                }
            },
            cancellationToken
        );
    }

    // An entry may contain only what changed, or be malformed: then the message itself is requested, and its answer is final.
    private async Task StoreWholeAsync(ItemEntry? old, string folder, SourceItem item, CancellationToken cancellationToken)
    {
        var verdict = GraphShapes.Message.Judge(item.Json, run.Now);
        if (!verdict.IsOdd)
        {
            await PutAsync(old, folder, item, verdict, cancellationToken);
            return;
        }

        JsonDocument? answer = null;
        try
        {
            answer = await mail.MessageAsync(item.Id, cancellationToken);
        }
        catch (GraphException exception)
            when (exception.Kind != GraphErrorKind.NotFound
                && Wall.Holds(exception, cancellationToken)
                && (old is null || verdict.Wrong.Count == 0)
            )
        {
            // The message cannot be requested: the page's version is stored, with what is wrong about it. But a part never replaces a
            // complete message.
        }

        using (answer)
        {
            var better = answer?.RootElement ?? item.Json;
            await PutAsync(
                old,
                better.Text("parentFolderId") is { Length: > 0 } place ? place : folder,
                new SourceItem(item.Id, better),
                GraphShapes.Message.Judge(better, run.Now),
                cancellationToken
            );
        }
    }

    private async Task PutAsync(ItemEntry? old, string folder, SourceItem message, Verdict verdict, CancellationToken cancellationToken)
    {
        var (id, item) = message;
        var version = item.Text("changeKey");
        var entry = new ItemEntry
        {
            Id = id,
            Parent = folder,
            Sub = Month(item),
            Name = MessageName(item, id, ".eml"),
            Version = version,
            Properties = $"{version}#{SizeOf(item)}",
        };
        var metadata = ItemMetadata.Write("message", id, item);
        if (old is not null && run.IsInDoubt(id) && !run.HasDueFailure(id) && old.Version == version && old.Parent == folder)
        {
            // The content is not in doubt, the properties were: they are what the message itself says now.
            if (!await IsAsStoredAsync(old, item, cancellationToken))
            {
                await run.Store.PutAsync(entry with { Properties = old.Properties }, null, metadata, cancellationToken);
                run.CountUpdate();
            }

            await run.JudgeAsync(id, folder, item.Text("subject"), verdict, item, [], cancellationToken);
            return;
        }

        if (old is not null && !run.IsDue(id) && await OnlyPropertiesChangedAsync(old, folder, item, cancellationToken))
        {
            // The MIME is that of the previous version, and the entry continues to say so: -Full reads it again.
            if (
                !(
                    await run.Store.PutAsync(entry with { Properties = old.Properties ?? UnknownMime }, null, metadata, cancellationToken)
                ).IsSettled()
            )
                throw FolderUnknown();
            await run.JudgeAsync(id, folder, item.Text("subject"), verdict, item, [], cancellationToken);
            run.CountUpdate();
            return;
        }

        var (content, failure) = await new MailLadder(mail, run).DownloadAsync(id, item, Time(item), cancellationToken);
        if (failure is not null)
            entry = entry with { Name = MessageName(item, id, ".json"), Version = version + AsJson };
        if (!(await run.Store.PutAsync(entry, content, metadata, cancellationToken)).IsSettled())
            throw FolderUnknown();
        if (failure is null)
            await run.JudgeAsync(id, folder, item.Text("subject"), verdict, item, [], cancellationToken);
        else
            await run.FailAsync(id, folder, item.Text("subject"), failure, cancellationToken);
        run.CountDownload();
    }

    // The version of the stored MIME, and the message's size at that time.
    private static string MimeVersionOf(ItemEntry entry) =>
        entry.Properties is { } mark && mark.IndexOf('#', StringComparison.Ordinal) is >= 0 and var at ? mark[..at] : "";

    private static string SizeOf(JsonElement item) => item.Array(MailApi.ExtendedProperties).FirstOrDefault().Text("value");

    private static GraphException FolderUnknown() =>
        new(GraphErrorKind.Other, null, "FolderUnknown", "The message's folder is not known yet.");

    // -Full trusts no entry of an earlier run: the MIME must be that of the recorded version, and the properties those of the page.
    private async Task<bool> IsAsStoredAsync(ItemEntry old, JsonElement item, CancellationToken cancellationToken)
    {
        if (MimeVersionOf(old) != old.Version)
            return false;
        if (await run.Store.FindNodeAsync(old, cancellationToken) is not { } node)
            return false;
        using var stored = ItemMetadata.Read(node);
        return stored is not null
            && stored.RootElement.Object("graph") is var before
            && item.EnumerateObject()
                .All(property =>
                    property.Name.StartsWith('@')
                    || property.Name is "id" or MailApi.ExtendedProperties
                    || before.Written(property.Name) == item.Written(property.Name)
                );
    }

    // Whether a new change key or folder is explained by what MIME does not contain. Drafts are always read again.
    private async Task<bool> OnlyPropertiesChangedAsync(ItemEntry old, string folder, JsonElement item, CancellationToken cancellationToken)
    {
        if (item.Flag("isDraft") || item.Text("changeKey").Length == 0 || old.Version?.EndsWith(AsJson, StringComparison.Ordinal) == true)
            return false;

        // -Full does not accept the MIME of an earlier version for this one.
        if (run.Full && MimeVersionOf(old) != old.Version)
            return false;

        // If a message is edited and flagged at once, the preview shows changes in the first lines, the size those in the rest.
        if (
            old.Properties is { } mark
            && mark[(mark.IndexOf('#', StringComparison.Ordinal) + 1)..] is { Length: > 0 } size
            && SizeOf(item) is { Length: > 0 } now
            && size != now
        )
            return false;
        if (await run.Store.FindNodeAsync(old, cancellationToken) is not { } node)
            return false;
        using var stored = ItemMetadata.Read(node);
        if (stored is null || !stored.RootElement.TryGetProperty("graph", out var before) || before.Flag("isDraft"))
            return false;

        // A property that an older version of this program did not store proves nothing.
        if (s_inMime.Any(property => before.Written(property) != item.Written(property)))
            return false;
        return old.Parent != folder || s_besideMime.Any(property => before.Written(property) != item.Written(property));
    }

    private static string MessageName(JsonElement item, string id, string extension)
    {
        var subject = SafeName.Shorten(SafeName.From(item.Text("subject"), ""), 140).Trim();
        var time = Time(item).UtcDateTime.ToString("yyyy-MM-dd HH.mm.ss", CultureInfo.InvariantCulture);
        return $"{time} {(subject.Length > 0 ? subject + " " : "")}[{SafeName.Mark(id)}]{extension}";
    }

    private static string Month(JsonElement item) => Time(item).UtcDateTime.ToString("yyyy-MM", CultureInfo.InvariantCulture);

    private static DateTimeOffset Time(JsonElement item) => item.Time("receivedDateTime", "sentDateTime", "createdDateTime");
}
