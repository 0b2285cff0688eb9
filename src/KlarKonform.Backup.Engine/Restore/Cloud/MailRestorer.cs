using System.Globalization;
using System.Text.Json;
using KlarKonform.Backup.Engine.Browsing;
using KlarKonform.Backup.Engine.Sources;
using KlarKonform.Backup.Engine.State;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Http;
using KlarKonform.Backup.Graph.Mail;
using KlarKonform.Backup.Repository.Trees;
using MimeKit;

namespace KlarKonform.Backup.Engine.Restore.Cloud;

/// <summary>Puts mail back: with its read state, flags, categories, times and folder, and not as a draft unless it was one.</summary>
internal sealed class MailRestorer : IResourceRestorer
{
    private readonly RestoreContext _context;
    private readonly string _user;
    private readonly MailWriter _writer;
    private readonly MailFolderTargets _folders;
    private readonly PresentItems _present;

    public MailRestorer(RestoreContext context, string user, bool isSource)
    {
        _context = context;
        _user = user;
        _writer = new MailWriter(context.Client, user);
        _folders = new MailFolderTargets(new MailApi(context.Client, user), _writer, isSource, context.Cloud.Folder);
        _present = new PresentItems(KeysAsync);
    }

    public int Concurrency => 4;

    public void Dispose() => _folders.Dispose();

    public string Place => $"{_user}: Mail";

    public bool IsItem(SnapshotEntry entry) => entry.Node.Type == NodeType.File && entry.Node.Attribute(ResourceStore.Attribute) is not null;

    public Task EnsureFolderAsync(IReadOnlyList<RestoreFolder> folders, CancellationToken cancellationToken) => folders.Count == 0 ? Task.CompletedTask : _folders.FindAsync(folders, cancellationToken);

    public async Task<RestoredItem> RestoreAsync(RestoreItem item, CancellationToken cancellationToken)
    {
        var (folder, path) = await _folders.FindAsync(item.Folders, cancellationToken).ConfigureAwait(false);
        var place = $"{_user}: {path}";
        var size = (long)item.Entry.Node.Size;
        using var memory = await _context.TakeAsync(size, cancellationToken).ConfigureAwait(false);
        var key = KeyOf(item.Graph.Text("internetMessageId"), item.Graph.Text("subject"), item.Graph.Time("receivedDateTime"), item.Graph.Flag("isDraft"));
        if (_context.Request.Conflict != RestoreConflict.Rename && await _present.TakeAsync(folder, key, cancellationToken).ConfigureAwait(false))
            return new RestoredItem(item.Entry.Path, place, size, "Skipped") { Detail = Texts.Get("RestoreIsThere") };
        var content = await _context.ReadAsync(item.Entry.Node, cancellationToken).ConfigureAwait(false);
        MessageJson message;
        if (item.Entry.Node.Name.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
        {
            using var whole = JsonDocument.Parse(content);
            message = MessageJson.FromJson(whole.RootElement.Clone(), item.Graph);
        }
        else
        {
            using var stream = new MemoryStream(content, writable: false);
            message = MessageJson.FromMime(await MimeMessage.LoadAsync(stream, persistent: true, cancellationToken).ConfigureAwait(false), item.Graph);
        }

        if (message.Attachments.FirstOrDefault(each => each.Content.Length > OutlookAttachments.MaxSize) is { } large)
            return new RestoredItem(item.Entry.Path, place, size, "Failed") { Code = "AttachmentTooLarge", Detail = Texts.Get("RestoreAttachmentTooLarge", large.Name) };
        var (json, later) = message.Write(MailWriter.MaxRequest);
        var before = await _present.CountAsync(folder, key, cancellationToken).ConfigureAwait(false);
        var id = await Creation.OnceAsync(token => _writer.CreateAsync(folder, json, token), token => ArrivedAsync(folder, key, before, token), cancellationToken).ConfigureAwait(false);
        await AttachAsync(id, later, cancellationToken).ConfigureAwait(false);
        _present.Added(folder, key);
        return new RestoredItem(item.Entry.Path, place, size, "Restored") { Detail = message.Loss };
    }

    // A message without its attachments is none: rather nothing, and the next attempt makes it whole.
    private async Task AttachAsync(string message, IReadOnlyList<OutlookAttachment> attachments, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var attachment in attachments)
                await _writer.AttachAsync(message, attachment, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            using var brief = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            try
            {
                await _writer.DeleteAsync(message, brief.Token).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is GraphException or OperationCanceledException)
            {
                // What led here is what the report says.
            }

            throw;
        }
    }

    private async Task<string?> ArrivedAsync(string folder, string key, int before, CancellationToken cancellationToken)
    {
        var found = new List<string>();
        await foreach (var page in _writer.MessagesAsync(folder, cancellationToken).ConfigureAwait(false))
            found.AddRange(page.Items.Where(item => KeyOf(item) == key).Select(item => item.Text("id")));
        return found.Count > before ? found[^1] : null;
    }

    private async Task<List<string>> KeysAsync(string folder, CancellationToken cancellationToken)
    {
        var keys = new List<string>();
        await foreach (var page in _writer.MessagesAsync(folder, cancellationToken).ConfigureAwait(false))
            keys.AddRange(page.Items.Select(KeyOf));
        return keys;
    }

    private static string KeyOf(JsonElement item) => KeyOf(item.Text("internetMessageId"), item.Text("subject"), item.Time("receivedDateTime"), item.Flag("isDraft"));

    // Message-ID is the message's own name; without one, what a reader would tell it by. A draft and the mail that was made of it are two.
    private static string KeyOf(string messageId, string subject, DateTimeOffset received, bool isDraft) =>
        (isDraft ? "draft " : "") + (messageId.Length > 0 ? messageId : string.Create(CultureInfo.InvariantCulture, $"{received.UtcDateTime:s} {subject}"));
}
