using System.Globalization;
using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Engine.Sources.Shapes;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Directory;
using KlarKonform.Backup.Graph.Http;
using KlarKonform.Backup.Graph.Mail;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>
/// A mailbox's mail: MIME as Exchange writes it, with the properties that MIME lacks stored next to it. Used for one run.
/// </summary>
internal sealed class MailSource(GraphClient client, GraphUser user, MailSelection selection) : MailboxSource(user, "Mail")
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

    private readonly MailApi _mail = new(client, user.Id);
    private ResourceBackup _run = null!;

    public override IAsyncEnumerable<DeltaPage> ItemsAsync(string folder, Uri? link, CancellationToken cancellationToken) =>
        _mail.MessageDeltaAsync(folder, link, cancellationToken);

    public override IAsyncEnumerable<DeltaPage> ListAsync(string folder, CancellationToken cancellationToken) =>
        _mail.ListMessagesAsync(folder, cancellationToken);

    public override Task ApplyAsync(
        FolderRound round,
        string folder,
        IReadOnlyList<SourceItem> items,
        CancellationToken cancellationToken
    ) =>
        Parallel.ForEachAsync(
            items,
            new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellationToken },
            async (item, token) => await ApplyAsync(round, folder, item.Id, item.Json, token)
        );

    public override bool HasIds => true;

    public override string CursorForm => MailApi.CursorForm;

    public override Task ProbeAsync(CancellationToken cancellationToken) =>
        MailboxProbe.AskAsync(_mail.ProbeAsync, client, User, cancellationToken);

    protected override async Task ProbeFolderAsync(string folder, CancellationToken cancellationToken) =>
        (await _mail.FolderAsync(folder, cancellationToken)).Dispose();

    protected override Task<FolderChanges> FoldersAsync(ResourceBackup run, CancellationToken cancellationToken)
    {
        _run = run;
        return new MailFolders(_mail, selection).ReadAsync(run, cancellationToken);
    }

    protected override async Task<(string Folder, JsonDocument Item)> ItemAsync(
        string id,
        string folder,
        CancellationToken cancellationToken
    )
    {
        var item = await _mail.MessageAsync(id, cancellationToken);
        return (item.RootElement.Text("parentFolderId"), item);
    }

    public override async Task<int?> CountAsync(string folder, CancellationToken cancellationToken) =>
        await _mail.ItemCountAsync(folder, cancellationToken);

    public override IAsyncEnumerable<DeltaPage> IdsAsync(string folder, CancellationToken cancellationToken) =>
        _mail.MessageIdsAsync(folder, cancellationToken);

    private async Task ApplyAsync(FolderRound round, string folder, string id, JsonElement item, CancellationToken cancellationToken)
    {
        var old = await _run.Store.FindAsync(id, cancellationToken);
        var version = item.Text("changeKey");
        var isKnown = version.Length > 0 && old is not null && old.Version == version && old.Parent == folder && !_run.IsDue(id);
        if (isKnown && (!_run.Full || await IsAsStoredAsync(old!, item, cancellationToken)))
            return;
        await _run.GuardAsync(
            id,
            folder,
            item.Text("subject"),
            async () =>
            {
                try
                {
                    await StoreAsync(old, folder, id, item, cancellationToken);
                }
                catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
                {
                    round.Missed(); // Deleted or moved away since the page was read.
                }
            },
            cancellationToken
        );
    }

    // An entry may contain only what changed, or be malformed: then the message itself is requested, and its answer is final.
    private async Task StoreAsync(ItemEntry? old, string folder, string id, JsonElement item, CancellationToken cancellationToken)
    {
        var verdict = GraphShapes.Message.Judge(item, _run.Now);
        if (!verdict.IsOdd)
        {
            await StoreAsync(old, folder, id, item, verdict, cancellationToken);
            return;
        }

        JsonDocument? answer = null;
        try
        {
            answer = await _mail.MessageAsync(id, cancellationToken);
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
            var better = answer?.RootElement ?? item;
            await StoreAsync(
                old,
                better.Text("parentFolderId") is { Length: > 0 } place ? place : folder,
                id,
                better,
                GraphShapes.Message.Judge(better, _run.Now),
                cancellationToken
            );
        }
    }

    private async Task StoreAsync(
        ItemEntry? old,
        string folder,
        string id,
        JsonElement item,
        Verdict verdict,
        CancellationToken cancellationToken
    )
    {
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
        if (old is not null && _run.IsInDoubt(id) && !_run.HasDueFailure(id) && old.Version == version && old.Parent == folder)
        {
            // The content is not in doubt, the properties were: they are what the message itself says now.
            if (!await IsAsStoredAsync(old, item, cancellationToken))
            {
                await _run.Store.PutAsync(entry with { Properties = old.Properties }, null, metadata, cancellationToken);
                _run.CountUpdate();
            }

            await _run.JudgeAsync(id, folder, item.Text("subject"), verdict, item, [], cancellationToken);
            return;
        }

        if (old is not null && !_run.IsDue(id) && await OnlyPropertiesChangedAsync(old, folder, item, cancellationToken))
        {
            // The MIME is that of the previous version, and the entry continues to say so: -Full reads it again.
            entry = entry with
            {
                Properties = old.Properties ?? UnknownMime,
            };
            var update = await _run.Store.PutAsync(entry, null, metadata, cancellationToken);
            if (!update.IsSettled())
                throw FolderUnknown();
            await _run.JudgeAsync(id, folder, item.Text("subject"), verdict, item, [], cancellationToken);
            _run.CountUpdate();
            return;
        }

        var (content, failure) = await new MailLadder(_mail, _run).DownloadAsync(id, item, Time(item), cancellationToken);
        if (failure is not null)
            entry = entry with { Name = MessageName(item, id, ".json"), Version = version + AsJson };
        var put = await _run.Store.PutAsync(entry, content, metadata, cancellationToken);
        if (!put.IsSettled())
            throw FolderUnknown();
        if (failure is null)
            await _run.JudgeAsync(id, folder, item.Text("subject"), verdict, item, [], cancellationToken);
        else
            await _run.FailAsync(id, folder, item.Text("subject"), failure, cancellationToken);
        _run.CountDownload();
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
        if (await _run.Store.FindNodeAsync(old, cancellationToken) is not { } node)
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
        if (_run.Full && MimeVersionOf(old) != old.Version)
            return false;

        // If a message is edited and flagged at once, the preview shows changes in the first lines, the size those in the rest.
        if (
            old.Properties is { } mark
            && mark[(mark.IndexOf('#', StringComparison.Ordinal) + 1)..] is { Length: > 0 } size
            && SizeOf(item) is { Length: > 0 } now
            && size != now
        )
            return false;
        if (await _run.Store.FindNodeAsync(old, cancellationToken) is not { } node)
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
