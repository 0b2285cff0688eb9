using System.Security.Cryptography;
using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Formats.Chats;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.WhatsApp.Archive;

namespace KlarKonform.Backup.Engine.Sources.WhatsApp.Archive;

/// <summary>
/// A chat in the snapshot: a folder with a JSON-lines file and an HTML page per month, <c>chat.json</c> with <c>chat.html</c>, and the
/// media. Months are loaded when first used and stored when they changed. Not thread-safe.
/// </summary>
internal sealed class ChatFolder(ResourceBackup run, string id, ChatInfo info)
{
    public const string MediaFolder = "media";

    /// <summary>The kind of an export's text.</summary>
    public const string ExportedText = "text";

    /// <summary>The kind of files that no message names, or that differ from the file that their message already has.</summary>
    public const string OtherFile = "rest";

    private const int NamesInMetadata = 50;

    // A message can be changed for minutes and deleted for some days.
    private const int MonthsBack = 3;

    private readonly Dictionary<string, ChatMonth> _months = new(StringComparer.Ordinal);
    private HashSet<string>? _files;
    private byte[] _written = [];

    /// <summary>The folder's id in the index.</summary>
    public string Id => id;

    public ChatInfo Info => info;

    /// <summary>Marks the info as stored: <see cref="SaveAsync"/> writes it if it differs.</summary>
    public void IsStored() => _written = info.Write();

    /// <summary>A month as it is stored, with this run's changes.</summary>
    public async Task<ChatMonth> MonthAsync(string month, CancellationToken cancellationToken)
    {
        if (_months.TryGetValue(month, out var known))
            return known;
        var stored = await run.Store.FindAsync(MonthId(month), cancellationToken) is { } entry
            ? await run.Store.ReadAsync(entry, cancellationToken)
            : null;
        return _months[month] = ChatMonth.Parse(stored ?? []);
    }

    /// <summary>Finds a message wherever it is, newest months first.</summary>
    public async Task<(string Month, ChatLine Line)?> FindAsync(string message, string from, CancellationToken cancellationToken)
    {
        foreach (
            var month in info
                .Months.Keys.Union(_months.Keys)
                .Where(month => string.CompareOrdinal(month, from) <= 0)
                .OrderDescending(StringComparer.Ordinal)
                .Take(MonthsBack)
                .ToArray()
        )
        {
            if ((await MonthAsync(month, cancellationToken)).Find(message) is { Record: ChatRecord.Message or ChatRecord.Reaction } line)
                return (month, line);
        }

        return null;
    }

    /// <summary>Stores a message's file. Returns what its line says about it.</summary>
    public async Task<ChatMedia> StoreMediaAsync(
        ChatLine line,
        ChatMedia media,
        string name,
        Stream content,
        CancellationToken cancellationToken
    )
    {
        await using var hashing = new Sha256Stream(content);
        var node = await run.SaveAsync(hashing, line.Time, cancellationToken);
        var hash = hashing.Hash;
        if (media.Sha256 is { } announced && announced != hash)
            throw new KlarKonform.Backup.WhatsApp.WhatsAppException(
                KlarKonform.Backup.WhatsApp.WhatsAppErrorKind.IntegrityMismatch,
                "What arrived has another SHA-256 than was announced."
            );
        var safe = SafeName.Shorten(SafeName.From(name, "media"), 140);
        var stamp = line.LocalTime is { Length: >= 16 } local
            ? $"{local[..10]} {local[11..13]}.{local[14..16]}"
            : line.Time.UtcDateTime.ToString("yyyy-MM-dd HH.mm", System.Globalization.CultureInfo.InvariantCulture);
        var entry = new ItemEntry
        {
            Id = MediaId(line.Id),
            Parent = id,
            Sub = MediaFolder,
            Name = SafeName.WithMark($"{stamp} {safe}", line.Id),
            Version = hash,
        };
        var metadata = JsonSerializer.SerializeToElement(
            new
            {
                chat = info.Name,
                from = line.From?.Name ?? line.From?.Id,
                mimeType = media.MimeType,
                message = line.Id,
                sha256 = hash,
            }
        );
        await run.Store.PutAsync(entry, new ItemContent(node), ItemMetadata.Write("chatMedia", entry.Id, metadata), cancellationToken);
        var placed = await run.Store.FindAsync(entry.Id, cancellationToken);
        run.CountDownload();
        return media with { File = $"{MediaFolder}/{placed!.Name}", Size = (long)node.Size, Sha256 = hash, State = MediaState.Stored };
    }

    /// <summary>The kind of files that an export shows for a message, in addition to the one that the message has.</summary>
    public static string OtherFileOf(string line) => $"{OtherFile}|{line}";

    /// <summary>
    /// Stores a file that belongs to the chat and not to a message. A file with the same content and kind is stored once.
    /// </summary>
    /// <param name="kind">What it is, as part of its id.</param>
    /// <param name="folder">The folder below the chat's.</param>
    /// <param name="name">Its name.</param>
    /// <param name="content">Its content.</param>
    /// <param name="time">Its time; UTC.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>Its path below the chat's folder.</returns>
    public async Task<string> StoreFileAsync(
        string kind,
        string folder,
        string name,
        Stream content,
        DateTimeOffset time,
        CancellationToken cancellationToken
    )
    {
        await using var hashing = new Sha256Stream(content);
        var node = await run.SaveAsync(hashing, time, cancellationToken);
        var entryId = $"file:{id}|{kind}|{hashing.Hash}";
        if (await run.Store.FindAsync(entryId, cancellationToken) is { } present)
            return $"{folder}/{present.Name}";
        var entry = new ItemEntry
        {
            Id = entryId,
            Parent = id,
            Sub = folder,
            Name = SafeName.WithMark(SafeName.Shorten(SafeName.From(name, "file"), 140), entryId),
            Version = hashing.Hash,
        };
        var metadata = JsonSerializer.SerializeToElement(
            new
            {
                chat = info.Name,
                name,
                sha256 = hashing.Hash,
            }
        );
        await run.Store.PutAsync(entry, new ItemContent(node), ItemMetadata.Write("chatFile", entryId, metadata), cancellationToken);
        run.CountDownload();
        _files?.Add(entryId);
        return $"{folder}/{(await run.Store.FindAsync(entryId, cancellationToken))!.Name}";
    }

    /// <summary>Removes files of a kind permanently.</summary>
    public async Task EraseFilesAsync(string kind, CancellationToken cancellationToken)
    {
        if (_files is null)
        {
            _files = [];
            await foreach (var item in run.Store.ItemsOfAsync(id, folders: false, cancellationToken))
            {
                if (item.StartsWith($"file:{id}|", StringComparison.Ordinal))
                    _files.Add(item);
            }
        }

        foreach (var file in _files.Where(file => file.StartsWith($"file:{id}|{kind}|", StringComparison.Ordinal)).ToArray())
        {
            if (await run.Store.EraseAsync(file, cancellationToken))
                run.CountRemoval();
            _files.Remove(file);
        }
    }

    /// <summary>Removes a message's file permanently.</summary>
    public async Task EraseMediaAsync(string line, CancellationToken cancellationToken)
    {
        if (await run.Store.EraseAsync(MediaId(line), cancellationToken))
            run.CountRemoval();
    }

    /// <summary>Stores the months that changed, and unloads all loaded ones.</summary>
    public async Task SaveMonthsAsync(CancellationToken cancellationToken)
    {
        foreach (var (name, month) in _months.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            // An interrupted run may have stored the month without recording it.
            if (!month.IsChanged && (month.Lines.Count == 0 || info.Months.ContainsKey(name)))
                continue;
            foreach (var line in month.Lines)
                Know(line);
            info.Months[name] = month.Lines.Count(line => line.Record == ChatRecord.Message);
            if (month.IsChanged)
                await SaveMonthAsync(name, month, cancellationToken);
        }

        _months.Clear();
    }

    /// <summary>Stores what changed.</summary>
    public async Task SaveAsync(CancellationToken cancellationToken)
    {
        await SaveMonthsAsync(cancellationToken);
        var written = info.Write();
        if (written.AsSpan().SequenceEqual(_written))
            return;
        var page = await JsonFile.SaveAsync(run, ChatPage.Overview(info), run.Now, cancellationToken);
        var node = await JsonFile.SaveAsync(run, written, run.Now, cancellationToken);
        await PutAsync(
            new ItemEntry
            {
                Id = $"info:{id}",
                Parent = id,
                Name = "chat.json",
                Version = VersionOf(written),
            },
            new ItemContent(node, [(".html", page)]),
            "chat",
            new
            {
                chat = info.Name,
                number = info.Number,
                participants = Names(),
            },
            cancellationToken
        );
        _written = written;
    }

    /// <summary>The month that a line belongs to: by the telephone's clock in exports, otherwise by UTC.</summary>
    public static string MonthOf(ChatLine line) =>
        line.LocalTime is { Length: >= 7 } local
            ? local[..7]
            : line.Time.UtcDateTime.ToString("yyyy-MM", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The index's id of a message's file.</summary>
    public string MediaId(string line) => $"media:{id}|{line}";

    private string MonthId(string month) => $"month:{id}|{month}";

    private async Task SaveMonthAsync(string name, ChatMonth month, CancellationToken cancellationToken)
    {
        var content = month.Write();
        var messages = month.Lines.Where(line => line.Record == ChatRecord.Message).ToArray();
        var last = month.Lines.Count > 0 ? month.Lines.Max(line => line.Time) : run.Now;
        var page = await JsonFile.SaveAsync(run, ChatPage.Month(info, name, month.Lines), last, cancellationToken);
        var node = await JsonFile.SaveAsync(run, content, last, cancellationToken);
        await PutAsync(
            new ItemEntry
            {
                Id = MonthId(name),
                Parent = id,
                Name = $"{name}.jsonl",
                Version = VersionOf(content),
            },
            new ItemContent(node, [(".html", page)]),
            "chatMonth",
            new
            {
                chat = info.Name,
                number = info.Number,
                participants = Names(),
                messages = messages.Length,
                first = messages.Length > 0 ? messages.Min(line => line.Time) : (DateTimeOffset?)null,
                last,
            },
            cancellationToken
        );
    }

    private async Task PutAsync(ItemEntry entry, ItemContent content, string type, object metadata, CancellationToken cancellationToken)
    {
        var isNew = await run.Store.FindAsync(entry.Id, cancellationToken) is null;
        await run.Store.PutAsync(
            entry,
            content,
            ItemMetadata.Write(type, entry.Id, JsonSerializer.SerializeToElement(metadata)),
            cancellationToken
        );
        if (isNew)
            run.CountDownload();
        else
            run.CountUpdate();
    }

    private void Know(ChatLine line)
    {
        if (
            line is { From: { } from, Record: not ChatRecord.Status }
            && line.Type != "system"
            && (from.Id ?? from.Name) is { Length: > 0 } key
        )
            info.Participants[key] = from.Name ?? info.Participants.GetValueOrDefault(key, key);
    }

    private string[] Names() =>
        [.. info.Participants.Select(pair => pair.Value == pair.Key ? pair.Key : $"{pair.Value} <{pair.Key}>").Take(NamesInMetadata)];

    private static string VersionOf(byte[] content) => Convert.ToHexString(SHA256.HashData(content))[..16].ToLowerInvariant();
}
