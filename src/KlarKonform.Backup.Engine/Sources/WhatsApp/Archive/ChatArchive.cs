using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Formats.Chats;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.WhatsApp.Webhooks;

namespace KlarKonform.Backup.Engine.Sources.WhatsApp.Archive;

/// <summary>The chats in the snapshot: <c>/WhatsApp/&lt;number&gt;/&lt;chat&gt;</c>, and each number's contacts. Not thread-safe.</summary>
internal sealed class ChatArchive(ResourceBackup run)
{
    private const int MinDigits = 6;

    private readonly Dictionary<string, ChatFolder> _open = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SortedDictionary<string, WebhookContact>> _contacts = new(StringComparer.Ordinal);

    /// <summary>Chats that were opened and not saved yet.</summary>
    public IReadOnlyCollection<ChatFolder> Open => _open.Values;

    /// <summary>A chat's folder, created if missing.</summary>
    /// <param name="number">The business's number as people write it, or a name for it.</param>
    /// <param name="numberId">Meta's id for it, or empty.</param>
    /// <param name="chat">What distinguishes the chat from others of that number.</param>
    /// <param name="name">The chat's name as it is known now, or null.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task<ChatFolder> ChatAsync(string number, string numberId, string chat, string? name, CancellationToken cancellationToken)
    {
        var owner = await NumberAsync(number, numberId, cancellationToken);
        var id = $"chat:{owner}|{chat}";
        if (_open.TryGetValue(id, out var open))
        {
            open.Info.Name = name ?? open.Info.Name;
            return open;
        }

        var stored = await run.Store.FindAsync($"info:{id}", cancellationToken) is { } entry
            ? await run.Store.ReadAsync(entry, cancellationToken)
            : null;
        var info = stored is null
            ? new ChatInfo
            {
                Id = chat,
                Name = chat,
                Number = number,
                NumberId = numberId,
            }
            : ChatInfo.Parse(stored);
        var folder = new ChatFolder(run, id, info);
        if (stored is not null)
            folder.IsStored();
        info.Name = name ?? info.Name;

        // A contact who changes their name keeps the folder; moving it would look like a new chat.
        if (await run.Store.FindAsync(id, cancellationToken) is null)
        {
            var label = info.Name == chat || numberId.Length == 0 ? info.Name : $"{info.Name} ({chat})";
            await run.Store.PutAsync(
                new ItemEntry
                {
                    Id = id,
                    Parent = $"number:{owner}",
                    Name = SafeName.From(label, SafeName.Mark(chat)),
                    IsFolder = true,
                },
                null,
                Metadata("chatFolder", id, new { chat }),
                cancellationToken
            );
        }

        return _open[id] = folder;
    }

    /// <summary>All archived chats, of any number and source.</summary>
    public async Task<IReadOnlyList<ChatFolder>> AllAsync(CancellationToken cancellationToken)
    {
        var chats = new List<ChatFolder>();
        foreach (var number in await IdsAsync("", "number:", cancellationToken))
        {
            var own = $"chat:{number["number:".Length..]}|";
            foreach (var id in await IdsAsync(number, own, cancellationToken))
            {
                if (await InfoAsync(id, cancellationToken) is { } info)
                    chats.Add(await ChatAsync(info.Number, info.NumberId, id[own.Length..], null, cancellationToken));
            }
        }

        return chats;
    }

    /// <summary>The archived chats of a number whose keys begin with this prefix, by their keys.</summary>
    public async Task<Dictionary<string, ChatInfo>> ExportsAsync(string number, string prefix, CancellationToken cancellationToken)
    {
        var owner = await NumberAsync(number, "", cancellationToken);
        var own = $"chat:{owner}|";
        var chats = new Dictionary<string, ChatInfo>(StringComparer.Ordinal);
        foreach (var id in await IdsAsync($"number:{owner}", own + prefix, cancellationToken))
        {
            if (await InfoAsync(id, cancellationToken) is { } info)
                chats[id[own.Length..]] = info;
        }

        return chats;
    }

    private async Task<IReadOnlyList<string>> IdsAsync(string folder, string prefix, CancellationToken cancellationToken)
    {
        var ids = new List<string>();
        await foreach (var id in run.Store.ItemsOfAsync(folder, folders: true, cancellationToken))
        {
            if (id.StartsWith(prefix, StringComparison.Ordinal))
                ids.Add(id);
        }

        return ids;
    }

    // Null if there is none yet, or if it was edited by hand: work on that chat itself fails with that reason, and others continue.
    private async Task<ChatInfo?> InfoAsync(string chat, CancellationToken cancellationToken)
    {
        try
        {
            return
                await run.Store.FindAsync($"info:{chat}", cancellationToken) is { } entry
                && await run.Store.ReadAsync(entry, cancellationToken) is { } stored
                ? ChatInfo.Parse(stored)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Stores who a contact is.</summary>
    public async Task KnowAsync(WebhookContact contact, CancellationToken cancellationToken)
    {
        var owner = await NumberAsync(contact.Number.Display, contact.Number.Id, cancellationToken);
        if (!_contacts.TryGetValue(owner, out var known))
        {
            var stored = await run.Store.FindAsync($"contacts:{owner}", cancellationToken) is { } entry
                ? await run.Store.ReadAsync(entry, cancellationToken)
                : null;
            _contacts[owner] = known = new SortedDictionary<string, WebhookContact>(
                stored is null
                    ? []
                    : JsonSerializer.Deserialize<WebhookContact[]>(stored, JsonFile.Readable)!.ToDictionary(each => each.Id),
                StringComparer.Ordinal
            );
        }

        known[contact.Id] = contact;
    }

    /// <summary>Stores what changed, and unloads the open chats.</summary>
    public async Task SaveAsync(CancellationToken cancellationToken)
    {
        foreach (var folder in _open.Values)
            await folder.SaveAsync(cancellationToken);
        _open.Clear();
        foreach (var (owner, contacts) in _contacts)
        {
            var content = JsonFile.Write(contacts.Values.ToArray());
            var id = $"contacts:{owner}";
            var old = await run.Store.FindAsync(id, cancellationToken);
            var version = SafeName.Mark(Convert.ToBase64String(content));
            if (old?.Version == version)
                continue;
            var cards = contacts
                .Values.SelectMany(contact =>
                    new VCard()
                        .Add("FN", contact.Name)
                        .Add("TEL;TYPE=cell", contact.Id.All(char.IsAsciiDigit) ? "+" + contact.Id : "")
                        .ToBytes()
                )
                .ToArray();
            var parts = new (string, Repository.Trees.Node)[]
            {
                (".vcf", await JsonFile.SaveAsync(run, cards, run.Now, cancellationToken)),
            };
            var node = await JsonFile.SaveAsync(run, content, run.Now, cancellationToken);
            await run.Store.PutAsync(
                new ItemEntry
                {
                    Id = id,
                    Parent = $"number:{owner}",
                    Name = "contacts.json",
                    Version = version,
                },
                new ItemContent(node, parts),
                Metadata("chatContacts", id, new { contacts = contacts.Count }),
                cancellationToken
            );
            if (old is null)
                run.CountDownload();
            else
                run.CountUpdate();
        }

        _contacts.Clear();
    }

    // The same number is one folder, however it is written and whichever source names it.
    private async Task<string> NumberAsync(string number, string numberId, CancellationToken cancellationToken)
    {
        var digits = new string([.. number.Where(char.IsAsciiDigit)]).TrimStart('0');
        var key =
            digits.Length >= MinDigits ? digits
            : number.Trim() is { Length: > 0 } name ? name
            : numberId;
        if (await run.Store.FindAsync($"number:{key}", cancellationToken) is null)
        {
            await run.Store.PutAsync(
                new ItemEntry
                {
                    Id = $"number:{key}",
                    Parent = "",
                    Name = SafeName.From(digits.Length >= MinDigits ? "+" + digits : key, SafeName.Mark(key)),
                    IsFolder = true,
                },
                null,
                Metadata("chatNumber", $"number:{key}", new { number, numberId }),
                cancellationToken
            );
        }

        return key;
    }

    private static byte[] Metadata(string type, string id, object properties) =>
        ItemMetadata.Write(type, id, JsonSerializer.SerializeToElement(properties));
}
