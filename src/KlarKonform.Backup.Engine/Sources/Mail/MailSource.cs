using System.Globalization;
using System.Text.Json;
using KlarKonform.Backup.Engine.Runs;
using KlarKonform.Backup.Engine.Sources.Folders;
using KlarKonform.Backup.Engine.State;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Directory;
using KlarKonform.Backup.Graph.Http;
using KlarKonform.Backup.Graph.Mail;

namespace KlarKonform.Backup.Engine.Sources.Mail;

/// <summary>A mailbox's mail: MIME as Exchange writes it, with the properties that MIME lacks beside it. Used for one run.</summary>
internal sealed class MailSource(GraphClient client, GraphUser user, MailSelection selection) : MailboxSource(user, "Mail")
{
    /// <summary>After the change key of a message whose MIME could not be had: it is stored as JSON, and its MIME tried again.</summary>
    private const string AsJson = "~json";

    // An answer that breaks inside a large message is asked for again.
    private const int MaxAttempts = 3;

    // Properties that MIME does not hold: a new change key that is explained by them needs no new download.
    private static readonly string[] s_besideMime = ["isRead", "flag", "categories", "importance", "inferenceClassification"];

    // Properties that MIME is made of: when one of them changed, so did the MIME.
    private static readonly string[] s_inMime = ["subject", "hasAttachments", "from", "sender", "sentDateTime", "internetMessageId", "bccRecipients"];

    private readonly MailApi _mail = new(client, user.Id);
    private ResourceRun _run = null!;

    public override IAsyncEnumerable<DeltaPage> ItemsAsync(string folder, Uri? link, CancellationToken cancellationToken) => _mail.MessageDeltaAsync(folder, link, cancellationToken);

    public override IAsyncEnumerable<DeltaPage> ListAsync(string folder, CancellationToken cancellationToken) => _mail.ListMessagesAsync(folder, cancellationToken);

    public override Task ApplyAsync(ItemRound round, string folder, IReadOnlyList<SourceItem> items, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(items, new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellationToken },
            async (item, token) => await ApplyAsync(round, folder, item.Id, item.Json, token).ConfigureAwait(false));

    protected override Task<FolderChanges> FoldersAsync(ResourceRun run, CancellationToken cancellationToken)
    {
        _run = run;
        return new MailFolders(_mail, selection).ReadAsync(run, cancellationToken);
    }

    protected override async Task<(string Folder, JsonDocument Item)> ItemAsync(string id, string folder, CancellationToken cancellationToken)
    {
        var item = await _mail.MessageAsync(id, cancellationToken).ConfigureAwait(false);
        return (item.RootElement.Text("parentFolderId"), item);
    }

    public override async Task<int?> CountAsync(string folder, CancellationToken cancellationToken) => await _mail.ItemCountAsync(folder, cancellationToken).ConfigureAwait(false);

    public override IAsyncEnumerable<DeltaPage> IdsAsync(string folder, CancellationToken cancellationToken) => _mail.MessageIdsAsync(folder, cancellationToken);

    private async Task ApplyAsync(ItemRound round, string folder, string id, JsonElement item, CancellationToken cancellationToken)
    {
        var version = item.Text("changeKey");
        var old = await _run.Store.FindAsync(id, cancellationToken).ConfigureAwait(false);
        if (old is not null && old.Version == version && old.Parent == folder)
        {
            await _run.ForgetFailureAsync(id, cancellationToken).ConfigureAwait(false);
            return;
        }

        var entry = new ItemEntry { Id = id, Parent = folder, Sub = Month(item), Name = MessageName(item, id, ".eml"), Version = version };
        var metadata = ItemMetadata.Write("message", id, item);
        try
        {
            if (old is not null && await OnlyPropertiesChangedAsync(old, folder, item, cancellationToken).ConfigureAwait(false))
            {
                if (await _run.Store.PutAsync(entry, null, metadata, cancellationToken).ConfigureAwait(false))
                    _run.CountUpdate();
                return;
            }

            var (content, failure) = await DownloadAsync(id, item, cancellationToken).ConfigureAwait(false);
            if (failure is not null)
                entry = entry with { Name = MessageName(item, id, ".json"), Version = version + AsJson };
            if (!await _run.Store.PutAsync(entry, content, metadata, cancellationToken).ConfigureAwait(false))
                throw new GraphException(GraphErrorKind.Other, null, "FolderUnknown", "The message's folder is not known yet.");
            if (failure is null)
                await _run.ForgetFailureAsync(id, cancellationToken).ConfigureAwait(false);
            else
                await _run.FailAsync(id, folder, item.Text("subject"), failure, cancellationToken).ConfigureAwait(false);
            _run.CountDownload();
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
        {
            round.Missed(); // Deleted or moved away since the page was read.
        }
        catch (GraphException exception) when (ResourceRun.IsItemFailure(exception))
        {
            await _run.FailAsync(id, folder, item.Text("subject"), exception, cancellationToken).ConfigureAwait(false);
        }
    }

    // The ladder: MIME; the message as JSON with its attachments; without them. What Graph hands out is kept, and the loss is on record.
    private async Task<(ItemContent Content, GraphException? Failure)> DownloadAsync(string id, JsonElement item, CancellationToken cancellationToken)
    {
        var time = Time(item);
        GraphException failure;
        try
        {
            return (new ItemContent(await MimeAsync(id, time, cancellationToken).ConfigureAwait(false)), null);
        }
        catch (GraphException exception) when (exception.Kind is GraphErrorKind.CorruptItem or GraphErrorKind.AccessDenied || exception is { Kind: GraphErrorKind.Unreachable, Status: not null })
        {
            failure = exception;
        }

        foreach (var attachments in (bool[])[true, false])
        {
            try
            {
                using var whole = await _mail.WholeMessageAsync(id, attachments, cancellationToken).ConfigureAwait(false);
                using var json = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(whole.RootElement));
                return (new ItemContent(await _run.SaveAsync(json, time, cancellationToken).ConfigureAwait(false)), failure);
            }
            catch (GraphException exception) when (exception.Kind is GraphErrorKind.CorruptItem or GraphErrorKind.AccessDenied || exception is { Kind: GraphErrorKind.Unreachable, Status: not null })
            {
                // The next rung; what MIME said is what is recorded.
            }
        }

        throw failure;
    }

    private async Task<Repository.Trees.Node> MimeAsync(string id, DateTimeOffset time, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var mime = await _mail.MimeAsync(id, cancellationToken).ConfigureAwait(false);
                return await _run.SaveAsync(mime, time, cancellationToken).ConfigureAwait(false);
            }
            catch (GraphException exception) when (exception.Code == "BrokenAnswer" && attempt < MaxAttempts)
            {
                // It broke beyond the buffer, with a part of it stored already: from the start.
            }
        }
    }

    // A new change key or folder that is explained by what MIME does not hold. Drafts are always read again.
    private async Task<bool> OnlyPropertiesChangedAsync(ItemEntry old, string folder, JsonElement item, CancellationToken cancellationToken)
    {
        if (item.Flag("isDraft") || old.Version?.EndsWith(AsJson, StringComparison.Ordinal) == true)
            return false;
        if (await _run.Store.FindNodeAsync(old, cancellationToken).ConfigureAwait(false) is not { } node)
            return false;
        using var stored = ItemMetadata.Read(node);
        if (stored is null || !stored.RootElement.TryGetProperty("graph", out var before) || before.Flag("isDraft"))
            return false;

        // A property that an older version of this program did not store says nothing.
        if (s_inMime.Any(property => before.TryGetProperty(property, out _) && before.Written(property) != item.Written(property)))
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
