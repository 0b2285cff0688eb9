using System.Globalization;
using System.Text.Json;
using KlarKonform.Backup.Engine.Browsing;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Graph.Http;
using KlarKonform.Backup.Graph.Mail;
using KlarKonform.Backup.Repository.Trees;
using MimeKit;

namespace KlarKonform.Backup.Engine.Restore.ToMicrosoft365;

/// <summary>Puts mail back: with its read state, flags, categories, times and folder, and as a draft only if it was one.</summary>
internal sealed class MailRestorer : IResourceRestorer
{
    private readonly RestoreContext _context;
    private readonly string _shown;
    private readonly MailWriter _writer;
    private readonly MailFolderTargets _folders;
    private readonly PresentItems _present;

    public MailRestorer(RestoreContext context, string user, string shown, bool isSource)
    {
        _context = context;
        _shown = shown;
        _writer = new MailWriter(context.Client, user);
        _folders = new MailFolderTargets(new MailApi(context.Client, user), _writer, isSource, context.Cloud.Folder, context.Time);
        _present = new PresentItems(KeysAsync);
    }

    public int Concurrency => 4;

    public void Dispose() => _folders.Dispose();

    public string Place => $"{_shown}: Mail";

    public bool IsItem(SnapshotEntry entry) => entry.Node.Type == NodeType.File && entry.Node.Attribute(ItemMetadata.Attribute) is not null;

    public Task EnsureFolderAsync(IReadOnlyList<RestoreFolder> folders, CancellationToken cancellationToken) =>
        folders.Count == 0 ? Task.CompletedTask : _folders.FindAsync(folders, cancellationToken);

    public async Task<RestoredItem?> RestoreAsync(RestoreItem item, CancellationToken cancellationToken)
    {
        var (folder, path) = await _folders.FindAsync(item.Folders, cancellationToken);
        if (_context.TakePlace(folder, item) is var claim and not RestoreContext.Claim.First)
            return claim == RestoreContext.Claim.Same ? null : RestoreContext.OtherVersion(item, $"{_shown}: {path}");
        var place = $"{_shown}: {path}";
        var size = (long)item.Entry.Node.Size;
        using var memory = await _context.TakeAsync(size, cancellationToken);

        // Without readable metadata the message itself says which one it is.
        (MessageJson Message, string Key)? message =
            item.Graph.ValueKind == JsonValueKind.Object ? null : await ReadAsync(item, cancellationToken);
        var key =
            message?.Key
            ?? KeyOf(
                item.Graph.Text("internetMessageId"),
                item.Graph.Text("subject"),
                item.Graph.Time("receivedDateTime"),
                item.Graph.Flag("isDraft")
            );
        if (_context.Request.Conflict != RestoreConflict.Rename && await _present.TakeAsync(folder, key, cancellationToken))
            return new RestoredItem(item.Entry.Path, place, size, RestoreOutcomes.Skipped) { Detail = Texts.Get("RestoreIsThere") };
        var (parsed, _) = message ?? await ReadAsync(item, cancellationToken);
        if (parsed.Attachments.FirstOrDefault(each => each.Content.Length > OutlookAttachments.MaxSize) is { } large)
            return new RestoredItem(item.Entry.Path, place, size, RestoreOutcomes.Failed)
            {
                Code = "AttachmentTooLarge",
                Detail = Texts.Get("RestoreAttachmentTooLarge", large.Name),
            };
        var (json, later) = parsed.Write(MailWriter.MaxRequest);
        var before = await _present.CountAsync(folder, key, cancellationToken);
        var id = await IdempotentCreate.OnceAsync(
            token => _writer.CreateAsync(folder, json, token),
            token => ArrivedAsync(folder, key, before, token),
            _context.Time,
            cancellationToken
        );

        // A message without its attachments would be incomplete.
        await IdempotentCreate.WholeAsync(
            async () =>
            {
                foreach (var attachment in later)
                    await _writer.AttachAsync(id, attachment, cancellationToken);
            },
            token => _writer.DeleteAsync(id, token)
        );
        _present.Added(folder, key);
        return new RestoredItem(item.Entry.Path, place, size, RestoreOutcomes.Restored) { Detail = parsed.Loss };
    }

    private async Task<(MessageJson Message, string Key)> ReadAsync(RestoreItem item, CancellationToken cancellationToken)
    {
        var content = await _context.ReadAsync(item.Entry.Node, cancellationToken);
        if (item.Entry.Node.Name.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
        {
            using var whole = StoredJson.Parse(content);
            if (whole.RootElement.ValueKind != JsonValueKind.Object)
                throw new FormatException(Texts.Get("RestoreNoEntry"));
            return (MessageJson.FromJson(whole.RootElement.Clone(), item.Graph), KeyOf(whole.RootElement));
        }

        using var stream = new MemoryStream(content, writable: false);
        var mime = await MimeMessage.LoadAsync(stream, persistent: true, cancellationToken);
        return (
            MessageJson.FromMime(mime, item.Graph),
            KeyOf(mime.MessageId is { Length: > 0 } id ? $"<{id}>" : "", mime.Subject ?? "", mime.Date, false)
        );
    }

    private async Task<string?> ArrivedAsync(string folder, string key, int before, CancellationToken cancellationToken)
    {
        var found = new List<string>();
        await foreach (var page in _writer.MessagesAsync(folder, cancellationToken))
            found.AddRange(page.Items.Where(item => KeyOf(item) == key).Select(item => item.Text("id")));
        return found.Count > before ? found[^1] : null;
    }

    private async Task<List<string>> KeysAsync(string folder, CancellationToken cancellationToken)
    {
        var keys = new List<string>();
        await foreach (var page in _writer.MessagesAsync(folder, cancellationToken))
            keys.AddRange(page.Items.Select(KeyOf));
        return keys;
    }

    private static string KeyOf(JsonElement item) =>
        KeyOf(item.Text("internetMessageId"), item.Text("subject"), item.Time("receivedDateTime"), item.Flag("isDraft"));

    // The Message-ID identifies a message; without one, what a reader would recognise it by. A draft and the mail that it became are two
    // messages.
    private static string KeyOf(string messageId, string subject, DateTimeOffset received, bool isDraft) =>
        (isDraft ? "draft " : "")
        + (messageId.Length > 0 ? messageId : string.Create(CultureInfo.InvariantCulture, $"{received.UtcDateTime:s} {subject}"));
}
