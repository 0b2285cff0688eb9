using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Engine.Sources.WhatsApp.Archive;
using KlarKonform.Backup.Engine.Sources.WhatsApp.Locations;
using KlarKonform.Backup.WhatsApp;
using KlarKonform.Backup.WhatsApp.Exports;

namespace KlarKonform.Backup.Engine.Sources.WhatsApp.Exports;

/// <summary>
/// Takes in exported chats from one place: ZIPs, whatever their names, and texts next to their media. What is refused is reported and does
/// not affect the rest; it is examined again when it changes. Used for one run.
/// </summary>
internal sealed class ExportImporter(
    ResourceBackup run,
    ChatArchive archive,
    WhatsAppExportSettings settings,
    DeletedMessagesPolicy deleted
)
{
    private const string Refused = "refused ";

    // What another export's message names is its attachment, not an export of this telephone.
    private const string Attachment = "attachment ";

    private readonly ExportPlace _place = new(settings, deleted, new ChatMatcher(archive, settings));

    public async Task RunAsync(IDropLocation place, CancellationToken cancellationToken)
    {
        // A listing whose pages shift may return a file twice.
        DropFile[] files = [.. (await place.ListAsync(cancellationToken)).DistinctBy(file => file.Key)];
        var taken = new ImportedFiles(run, $"export {settings.Number}", place);
        await taken.ForgetGoneAsync(files, cancellationToken);
        var withText = files.Where(file => ChatName.IsText(file.Name)).Select(file => file.Folder).ToHashSet(StringComparer.Ordinal);
        foreach (var folder in files.GroupBy(file => OwnerOf(file.Folder, withText)).OrderBy(group => group.Key, StringComparer.Ordinal))
            await TakeFolderAsync(place, taken, folder.Key, [.. folder], cancellationToken);
    }

    // Files in a folder without a text belong to the nearest folder above that has one.
    private static string OwnerOf(string folder, HashSet<string> withText)
    {
        for (var above = folder; ; above = above.LastIndexOf('/') is > 0 and var slash ? above[..slash] : "")
        {
            if (withText.Contains(above))
                return above;
            if (above.Length == 0)
                return folder;
        }
    }

    private async Task TakeFolderAsync(
        IDropLocation place,
        ImportedFiles taken,
        string folder,
        IReadOnlyList<DropFile> files,
        CancellationToken cancellationToken
    )
    {
        var zips = new List<DropFile>();
        foreach (var file in files)
        {
            if (await IsZipAsync(place, taken, file, cancellationToken))
                zips.Add(file);
        }

        // A forwarded export is an attachment, in a full run too.
        var named = await TakeTextsAsync(
            place,
            taken,
            folder,
            files,
            zips.Select(zip => zip.Key).ToHashSet(StringComparer.Ordinal),
            cancellationToken
        );
        foreach (var file in zips.Where(zip => !named.Contains(zip.Key)))
        {
            var key = taken.KeyOf(file.Key);
            if (!IsTaken(key, file.Version))
                await GuardAsync(key, file, file.Version, token => TakeZipAsync(place, file, key, token), cancellationToken);
        }
    }

    // iPhones, browsers and senders may name it .txt, .zip.1 or give it no extension at all. Office files are ZIPs too, but not of chats.
    private async Task<bool> IsZipAsync(IDropLocation place, ImportedFiles taken, DropFile file, CancellationToken cancellationToken)
    {
        if (file.Name.EndsWith(".zip", StringComparison.OrdinalIgnoreCase))
            return true;
        var isText = ChatName.IsText(file.Name);
        if (
            file.Size < ExportSniffer.Length
            || (
                !isText
                && !file.Name.Contains("WhatsApp", StringComparison.OrdinalIgnoreCase)
                && !file.Name.Contains(".zip", StringComparison.OrdinalIgnoreCase)
            )
        )
            return false;
        var before = run.Store.State.Inputs.GetValueOrDefault(taken.KeyOf(file.Key));
        if (
            isText
            && before is not null
            && !run.Full
            && before.Contains('|', StringComparison.Ordinal)
            && before.StartsWith(file.Version, StringComparison.Ordinal)
        )
            return false; // It was read as a text.
        try
        {
            var start = new byte[ExportSniffer.Length];
            await using var content = await place.OpenAsync(file, 0, cancellationToken);
            return await content.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancellationToken) == start.Length
                && ExportSniffer.IsZip(start);
        }
        catch (Exception exception) when (exception is WhatsAppException || DropFailure.IsOne(exception))
        {
            return false; // The code that reads it next reports why it cannot be read.
        }
    }

    // Returns the files that messages name.
    private async Task<HashSet<string>> TakeTextsAsync(
        IDropLocation place,
        ImportedFiles taken,
        string folder,
        IReadOnlyList<DropFile> files,
        HashSet<string> zips,
        CancellationToken cancellationToken
    )
    {
        var byKey = files.ToDictionary(file => file.Key, StringComparer.Ordinal);
        var container = new ExportContainer(
            folder[(folder.LastIndexOf('/') + 1)..],
            [.. files.Select(file => new ContainerFile(file.Key, file.Key, file.Size))],
            (file, token) => Task.FromResult<Stream>(new LocationStream(place, byKey[file.Key], token))
        );
        var beside = Beside(files);
        var (texts, none, known) = (new List<ChatText>(), new List<(DropFile File, Exception Reason)>(), 0);
        foreach (var file in files.Where(file => ChatName.IsText(file.Name) && !zips.Contains(file.Key)))
        {
            var key = taken.KeyOf(file.Key);
            if (IsTaken(key, $"{file.Version}|{beside}"))
            {
                known += run.Store.State.Inputs[key].StartsWith(file.Version, StringComparison.Ordinal) ? 1 : 0;
                continue;
            }

            try
            {
                texts.Add(
                    await ChatTexts.ReadAsync(
                        container,
                        new ContainerFile(file.Key, file.Key, file.Size),
                        _place.Order,
                        run.Now,
                        cancellationToken
                    )
                );
            }
            catch (Exception exception) when (Wall.Holds(exception, cancellationToken))
            {
                none.Add((file, exception));
            }
        }

        var chats = ChatTexts.Choose(texts, container.Name, isOne: false);
        var named = texts.SelectMany(text => text.Names).ToHashSet(StringComparer.Ordinal);
        await MarkAttachmentsAsync(
            taken,
            files.Where(file =>
                named.Contains(file.Key)
                && !chats.Any(chat => chat.File.Key == file.Key)
                && (zips.Contains(file.Key) || ChatName.IsText(file.Name))
            ),
            cancellationToken
        );
        foreach (var (file, reason) in none.Where(each => !named.Contains(each.File.Key)))
            await GuardAsync(taken.KeyOf(file.Key), file, file.Version, _ => Task.FromException(reason), cancellationToken);

        // Next to a single chat all files belong to it; next to several it is unknown whose they are.
        var others = files
            .Where(file => (zips.Contains(file.Key) || ChatName.IsText(file.Name)) && !named.Contains(file.Key))
            .Select(file => file.Key)
            .ToHashSet(StringComparer.Ordinal);
        foreach (var chat in chats)
        {
            var file = byKey[chat.File.Key];
            var key = taken.KeyOf(file.Key);
            await GuardAsync(
                key,
                file,
                $"{file.Version}|{beside}",
                token =>
                    new ChatImport(run, archive, _place, container, chat, (file.Key, key)).RunAsync(
                        chats.Count + known == 1,
                        others,
                        [],
                        token
                    ),
                cancellationToken
            );
        }

        var rest = files.Count(file => !named.Contains(file.Key) && !others.Contains(file.Key));
        if (chats.Count > 0 && chats.Count + known > 1 && rest > 0)
            run.Note(Texts.Get("ExportRestOfFolder", folder.Length > 0 ? folder : place.Name, rest), namesItem: true);
        return named;
    }

    private async Task MarkAttachmentsAsync(ImportedFiles taken, IEnumerable<DropFile> files, CancellationToken cancellationToken)
    {
        foreach (var file in files)
        {
            var key = taken.KeyOf(file.Key);
            await run.ForgetFailureAsync(key, cancellationToken);
            await run.Store.ChangeStateAsync(state => state.Inputs[key] = Attachment + file.Version, cancellationToken);
        }
    }

    private async Task TakeZipAsync(IDropLocation place, DropFile file, string key, CancellationToken cancellationToken)
    {
        // The ZIP's directory is read synchronously.
        using var zip = await Task.Run(() => ZipExport.Open(new LocationStream(place, file, cancellationToken)), cancellationToken);
        var entries = new Dictionary<string, ZipEntry>(StringComparer.Ordinal);
        foreach (var entry in zip.Files)
        {
            if (entry.Refusal is { } refusal)
            {
                await run.FailAsync(
                    ImportedFiles.PartOf(key, entry.Path),
                    "",
                    $"{file.Key}/{entry.Name}",
                    ChatProblems.Of(refusal),
                    cancellationToken
                );
                continue;
            }

            // Two entries may have the same name.
            for (
                var number = 1;
                !entries.TryAdd(number == 1 ? entry.Path : string.Create(CultureInfo.InvariantCulture, $"{entry.Path}\0{number}"), entry);
                number++
            ) { }
        }

        var files = entries.Select(pair => new ContainerFile(pair.Key, pair.Value.Path.Replace('\\', '/'), pair.Value.Length)).ToArray();
        ExportContainer Of(string name, IEnumerable<ContainerFile> some) =>
            new(name, [.. some], (each, _) => Task.FromResult(zip.Open(entries[each.Key])));
        var whole = Of(file.Name, files);
        var texts = ChatTexts.Own(await ReadTextsAsync(whole, files, file, key, cancellationToken));
        if (texts.Count == 0)
            throw new WhatsAppException(WhatsAppErrorKind.NotAChat, "There is no text of a chat in it.");
        var folders = texts.Select(text => text.File.Folder).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
        if (folders.Length == 1)
        {
            await TakeChatsAsync(whole, texts, file.Key, key, [], cancellationToken);
            return;
        }

        // Several exports, each in a folder of its own. Files outside of them came with the first.
        var byFolder = files.ToLookup(each => each.Folder, StringComparer.Ordinal);
        IReadOnlyList<ContainerFile> rest =
        [
            .. byFolder.Where(group => !folders.Contains(group.Key, StringComparer.Ordinal)).SelectMany(group => group),
        ];
        foreach (var folder in folders)
        {
            var container = Of(folder.Length > 0 ? folder[(folder.LastIndexOf('/') + 1)..] : file.Name, byFolder[folder]);
            await TakeChatsAsync(
                container,
                await ReadTextsAsync(container, container.Files, file, key, cancellationToken),
                $"{file.Key}/{folder}",
                key,
                rest,
                cancellationToken
            );
            rest = [];
        }
    }

    private async Task TakeChatsAsync(
        ExportContainer container,
        IReadOnlyList<ChatText> texts,
        string name,
        string key,
        IReadOnlyList<ContainerFile> more,
        CancellationToken cancellationToken
    )
    {
        var chats = ChatTexts.Choose(texts, container.Name, isOne: true);
        foreach (var chat in chats)
        {
            // With several chats in one folder, files that none of them names belong to the first.
            var others = chats
                .Select(each => each.File.Key)
                .Concat(chats.Where(each => each != chat).SelectMany(each => each.Names))
                .ToHashSet(StringComparer.Ordinal);
            var source = (chats.Count > 1 ? $"{name}/{chat.File.Name}" : name, key);
            await new ChatImport(run, archive, _place, container, chat, source).RunAsync(chat == chats[0], others, more, cancellationToken);
            more = [];
        }
    }

    // A document that people sent each other may also be a text: one that is not a chat is ignored here.
    private async Task<IReadOnlyList<ChatText>> ReadTextsAsync(
        ExportContainer container,
        IEnumerable<ContainerFile> files,
        DropFile zip,
        string key,
        CancellationToken cancellationToken
    )
    {
        var texts = new List<ChatText>();
        WhatsAppException? failure = null;
        var damaged = new List<(ContainerFile File, WhatsAppException Reason)>();
        foreach (var file in files.Where(file => ChatName.IsText(file.Name)))
        {
            try
            {
                texts.Add(await ChatTexts.ReadAsync(container, file, _place.Order, run.Now, cancellationToken));
            }
            catch (WhatsAppException exception)
                when (exception.Kind is WhatsAppErrorKind.NotAChat or WhatsAppErrorKind.WrongEncoding or WhatsAppErrorKind.UnknownTimes)
            {
                // For the chat's own text this is the reason why there is none.
                if (failure is null || ChatName.IsNameless(file.Name) || exception.Kind == WhatsAppErrorKind.UnknownTimes)
                    failure = exception;
            }
            catch (WhatsAppException exception) when (exception.Kind is WhatsAppErrorKind.Incomplete or WhatsAppErrorKind.Dangerous)
            {
                damaged.Add((file, exception)); // A damaged entry affects only itself, unless it is the chat.
            }
        }

        if (texts.Count == 0)
            return damaged.Count > 0 ? throw damaged[0].Reason
                : failure is not null ? throw failure
                : texts;
        foreach (var (file, reason) in damaged)
            await run.FailAsync(
                ImportedFiles.PartOf(key, file.Path),
                "",
                $"{zip.Key}/{file.Name}",
                ChatProblems.Of(reason),
                cancellationToken
            );
        return texts;
    }

    // Files may arrive after the text that names them, including chats that someone forwarded: whenever anything in a folder changes, its
    // texts are read again.
    private static string Beside(IReadOnlyList<DropFile> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in files)
            hash.AppendData(Encoding.UTF8.GetBytes($"{file.Key} {file.Version}\n"));
        return Convert.ToHexString(hash.GetHashAndReset())[..16];
    }

    private bool IsTaken(string key, string version) =>
        !run.Full
        && run.Store.State.Inputs.GetValueOrDefault(key) is { } before
        && (before == version || before == Refused + version.Split('|')[0] || before == Attachment + version.Split('|')[0]);

    private async Task GuardAsync(
        string key,
        DropFile file,
        string version,
        Func<CancellationToken, Task> read,
        CancellationToken cancellationToken
    )
    {
        var outcome = version;
        try
        {
            await ForgetPartsAsync(key, cancellationToken);
            await read(cancellationToken);
            await run.ForgetFailureAsync(key, cancellationToken);
        }
        catch (WhatsAppException exception)
        {
            await run.FailAsync(key, "", file.Key, ChatProblems.Of(exception), cancellationToken);
            if (exception.IsPassing)
                return;
            outcome = Refused + file.Version;
        }
        catch (Exception exception) when (Wall.Holds(exception, cancellationToken))
        {
            await run.FailAsync(key, "", file.Key, exception, cancellationToken);
            return;
        }

        await run.Store.ChangeStateAsync(state => state.Inputs[key] = outcome, cancellationToken);
    }

    // Earlier failures of its parts are reported again if they recur.
    private async Task ForgetPartsAsync(string key, CancellationToken cancellationToken)
    {
        foreach (
            var part in run
                .Store.State.Failures.Keys.Where(failed => failed.StartsWith(ImportedFiles.PartOf(key, ""), StringComparison.Ordinal))
                .ToArray()
        )
            await run.ForgetFailureAsync(part, cancellationToken);
    }
}
