using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Mail;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Engine.Restore.ToMicrosoft365;

/// <summary>Finds and creates the folders of a target mailbox. Thread-safe.</summary>
/// <param name="mail">Reads the mailbox.</param>
/// <param name="writer">Writes to the mailbox.</param>
/// <param name="isSource">Whether it is the mailbox that was backed up: then folders are found by their ids, whatever their names are
/// now.</param>
/// <param name="top">A folder to restore everything into, or null.</param>
/// <param name="time">Pauses between attempts.</param>
internal sealed class MailFolderTargets(MailApi mail, MailWriter writer, bool isSource, string? top, TimeProvider time) : IDisposable
{
    // The names that Outlook gives its folders in German and English, for a mailbox in the other language.
    private static readonly Dictionary<string, string> s_wellKnown = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Inbox"] = "inbox",
        ["Posteingang"] = "inbox",
        ["Sent Items"] = "sentitems",
        ["Gesendete Elemente"] = "sentitems",
        ["Gesendete Objekte"] = "sentitems",
        ["Drafts"] = "drafts",
        ["Entwürfe"] = "drafts",
        ["Deleted Items"] = "deleteditems",
        ["Gelöschte Elemente"] = "deleteditems",
        ["Gelöschte Objekte"] = "deleteditems",
        ["Junk Email"] = "junkemail",
        ["Junk-E-Mail"] = "junkemail",
        ["Archive"] = "archive",
        ["Archiv"] = "archive",
        ["Outbox"] = "outbox",
        ["Postausgang"] = "outbox",
    };

    private readonly AsyncLock _gate = new();
    private readonly Dictionary<string, (string Id, string Path)> _found = new(StringComparer.Ordinal);
    private Dictionary<string, (string Parent, string Name)>? _byId;

    /// <summary>The folder that corresponds to a path of the source; created if missing.</summary>
    public async Task<(string Id, string Path)> FindAsync(IReadOnlyList<RestoreFolder> folders, CancellationToken cancellationToken)
    {
        using var turn = await _gate.EnterAsync(cancellationToken);
        _byId ??= await ListAsync(cancellationToken);
        string? parent = null;
        var path = "";
        if (top is not null)
            (parent, path) = await StepAsync(null, new RestoreFolder("", top, ""), "", byId: false, cancellationToken);
        foreach (var folder in folders)
            (parent, path) = await StepAsync(parent, folder, path, isSource && top is null, cancellationToken);

        // A message that was in no folder at all: the inbox is where people look.
        return parent is null
            ? await StepAsync(null, new RestoreFolder("", "Inbox", ""), "", byId: false, cancellationToken)
            : (parent, path);
    }

    public void Dispose() => _gate.Dispose();

    private async Task<(string Id, string Path)> StepAsync(
        string? parent,
        RestoreFolder folder,
        string path,
        bool byId,
        CancellationToken cancellationToken
    )
    {
        var key = $"{parent}/{folder.Name}";
        if (byId && _byId!.TryGetValue(folder.Id, out var known))
            return (folder.Id, $"{path}/{known.Name}".TrimStart('/'));
        if (_found.TryGetValue(key, out var found))
            return found;
        var id = _byId!
            .FirstOrDefault(pair =>
                pair.Value.Parent == (parent ?? "") && string.Equals(pair.Value.Name, folder.Name, StringComparison.OrdinalIgnoreCase)
            )
            .Key;
        if (id is null && parent is null && s_wellKnown.TryGetValue(folder.Name, out var wellKnown))
            id = await WellKnownAsync(wellKnown, cancellationToken);
        if (id is null)
        {
            id = await CreateAsync(parent, folder.Name, cancellationToken);
            _byId![id] = (parent ?? "", folder.Name);
        }

        return _found[key] = (id, $"{path}/{folder.Name}".TrimStart('/'));
    }

    private async Task<string> CreateAsync(string? parent, string name, CancellationToken cancellationToken)
    {
        return await IdempotentCreate.OnceAsync(
            token => writer.CreateFolderAsync(parent, name, token),
            async token =>
            {
                _byId = await ListAsync(token);
                return _byId
                    .FirstOrDefault(pair =>
                        pair.Value.Parent == (parent ?? "") && string.Equals(pair.Value.Name, name, StringComparison.OrdinalIgnoreCase)
                    )
                    .Key;
            },
            time,
            cancellationToken
        );
    }

    private async Task<string?> WellKnownAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            using var folder = await mail.FolderAsync(name, cancellationToken);
            return folder.RootElement.Text("id");
        }
        catch (GraphException exception) when (exception.Kind is GraphErrorKind.NotFound or GraphErrorKind.Other)
        {
            return null;
        }
    }

    private async Task<Dictionary<string, (string Parent, string Name)>> ListAsync(CancellationToken cancellationToken)
    {
        using var rootFolder = await mail.FolderAsync("msgfolderroot", cancellationToken);
        var root = rootFolder.RootElement.Text("id");
        var all = new Dictionary<string, (string Parent, string Name)>(StringComparer.Ordinal);
        await foreach (var page in mail.ListFoldersAsync(null, cancellationToken))
        {
            foreach (var item in page.Items.Where(item => item.Text("@odata.type") != "#microsoft.graph.mailSearchFolder"))
                all[item.Text("id")] = (
                    item.Text("parentFolderId") is var parent && parent == root ? "" : parent,
                    item.Text("displayName")
                );
        }

        return all;
    }
}
