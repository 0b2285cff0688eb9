using System.Globalization;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Runs;
using KlarKonform.Backup.Engine.Sources.WhatsApp.Locations;
using KlarKonform.Backup.WhatsApp;
using KlarKonform.Backup.WhatsApp.Archive;
using KlarKonform.Backup.WhatsApp.Exports;
using NodaTime;

namespace KlarKonform.Backup.Engine.Sources.WhatsApp;

/// <summary>
/// Takes exported chats in from one place: ZIPs, and texts beside their media. What is refused is reported and does not touch the rest; it is
/// looked at again when it changes. Used for one run.
/// </summary>
internal sealed class ExportTakeIn(ResourceRun run, ChatArchive archive, WhatsAppExportSettings settings, DeletedMessagesPolicy deleted)
{
    // WhatsApp exports the newest 40,000 messages, or 10,000 with media (Meta's help): near that the oldest ones are missing.
    private const int NearLimit = 9_900;
    private const int NearTextLimit = 39_900;
    private const string Refused = "refused ";

    private readonly DateTimeZone _zone = settings.TimeZone is { } name ? TimeZones.Find(name)! : DateTimeZoneProviders.Tzdb.GetZoneOrNull(TimeZoneInfo.Local.Id) ?? TimeZones.Find(TimeZoneInfo.Local.Id) ?? DateTimeZone.Utc;

    public async Task RunAsync(IDropLocation place, CancellationToken cancellationToken)
    {
        var files = await place.ListAsync(cancellationToken).ConfigureAwait(false);
        var taken = new TakenFiles(run, "export", place);
        await taken.ForgetGoneAsync(files, cancellationToken).ConfigureAwait(false);
        foreach (var file in files.Where(file => file.Name.EndsWith(".zip", StringComparison.OrdinalIgnoreCase)))
        {
            await GuardAsync(taken, file, async token =>
            {
                // The ZIP's directory is read synchronously.
                using var zip = await Task.Run(() => ZipExport.Open(new LocationStream(place, file, token)), token).ConfigureAwait(false);
                await ReadAsync(zip.Paths, path => Task.FromResult(zip.OpenEntry(path)), file.Name, isZip: true, token).ConfigureAwait(false);
            }, cancellationToken).ConfigureAwait(false);
        }

        foreach (var folder in files.GroupBy(file => file.Folder).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var around = folder.Key[(folder.Key.LastIndexOf('/') + 1)..];
            var byKey = folder.ToDictionary(file => file.Key);
            foreach (var file in folder.Where(file => ChatName.IsText(file.Name)))
                await GuardAsync(taken, file, token => ReadChatAsync(file.Key, around, new ExportFiles(byKey.Keys), async path => new LocationStream(place, byKey[path], token), token), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task ReadAsync(IReadOnlyList<string> paths, Func<string, Task<Stream>> open, string container, bool isZip, CancellationToken cancellationToken)
    {
        var texts = paths.Where(ChatName.IsText).ToArray();
        if (texts.Length == 0)
            throw new WhatsAppException(WhatsAppErrorKind.NotAChat, "There is no text of a chat in it.");
        foreach (var folder in paths.GroupBy(path => path.LastIndexOf('/') is >= 0 and var slash ? path[..slash] : ""))
        {
            // A chat's text stands beside its media; what people sent each other may be texts too.
            var chats = folder.Where(ChatName.IsText).ToArray();
            var chat = chats.FirstOrDefault(path => path.EndsWith(ChatName.IosText, StringComparison.OrdinalIgnoreCase)) ?? chats.FirstOrDefault(path => path[(path.LastIndexOf('/') + 1)..].StartsWith("WhatsApp", StringComparison.OrdinalIgnoreCase)) ?? (chats.Length == 1 ? chats[0] : null);
            if (chat is not null)
                await ReadChatAsync(chat, folder.Key.Length > 0 && isZip && texts.Length > 1 ? folder.Key[(folder.Key.LastIndexOf('/') + 1)..] : container, new ExportFiles(folder), open, cancellationToken).ConfigureAwait(false);
            else if (chats.Length > 1)
                throw new WhatsAppException(WhatsAppErrorKind.NotAChat, "There are several texts in it, and none has the name of a chat's.");
        }
    }

    private async Task ReadChatAsync(string path, string container, ExportFiles media, Func<string, Task<Stream>> open, CancellationToken cancellationToken)
    {
        ExportFormat format;
        await using (var text = await open(path).ConfigureAwait(false))
            format = await ExportDetector.DetectAsync(text, settings.DateOrder is { } order ? Enum.Parse<DateOrder>(order) : null, cancellationToken).ConfigureAwait(false);
        var name = ChatName.Of(path[(path.LastIndexOf('/') + 1)..], container);
        if (format.IsOrderAssumed)
            run.Note(Texts.Get("ExportDateAssumed", name, format.Order), namesItem: true);
        var chat = await archive.ChatAsync(settings.Number, "", "export:" + name, name, cancellationToken).ConfigureAwait(false);
        var merger = new ExportMerger(chat.Id, ToUtc, run.Now);
        var pending = new SortedDictionary<string, List<ExportMessage>>(StringComparer.Ordinal);
        var (count, withFiles) = (0, false);
        await using (var text = await open(path).ConfigureAwait(false))
        {
            await foreach (var message in ExportReader.ReadAsync(text, format, cancellationToken).ConfigureAwait(false))
            {
                count++;
                withFiles |= message.Attachment is not null;
                var month = message.Time.ToString("yyyy-MM", CultureInfo.InvariantCulture);
                if (!pending.TryGetValue(month, out var messages))
                {
                    // Clocks run back now and then, by hours: the month before may still get something.
                    while (pending.Count > 2 && pending.Keys.First() is var oldest && string.CompareOrdinal(oldest, month) < 0)
                        await MergeAsync(oldest, last: false).ConfigureAwait(false);
                    pending[month] = messages = [];
                }

                messages.Add(message);
            }
        }

        while (pending.Count > 0)
            await MergeAsync(pending.Keys.First(), last: pending.Count == 1).ConfigureAwait(false);
        await archive.SaveAsync(cancellationToken).ConfigureAwait(false);
        if (count >= (withFiles ? NearLimit : NearTextLimit))
            run.Note(Texts.Get("ExportTruncated", name, count), namesItem: true);

        async Task MergeAsync(string month, bool last)
        {
            pending.Remove(month, out var messages);
            var stored = await chat.MonthAsync(month, cancellationToken).ConfigureAwait(false);
            merger.Merge(stored, messages!, endsExport: last);
            await StoreMediaAsync(chat, stored, media, open, cancellationToken).ConfigureAwait(false);
            if (deleted == DeletedMessagesPolicy.Redact)
            {
                foreach (var line in stored.Lines.Where(line => line is { Deleted: true, Redacted: false }).ToArray())
                    await Redaction.ApplyAsync(chat, stored, line, cancellationToken).ConfigureAwait(false);
            }

            await chat.SaveMonthsAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task StoreMediaAsync(ChatFolder chat, ChatMonth month, ExportFiles media, Func<string, Task<Stream>> open, CancellationToken cancellationToken)
    {
        foreach (var line in month.Lines.Where(line => line.Media is { State: MediaState.Missing, Name: not null } && !line.Redacted).ToArray())
        {
            if (media.Find(line.Media!.Name!) is not { } path)
                continue; // The line says that it is missing; another export may bring it.
            await using var content = await open(path).ConfigureAwait(false);
            month.Replace(line with { Media = await chat.StoreMediaAsync(line, line.Media, line.Media.Name!, content, cancellationToken).ConfigureAwait(false) });
        }
    }

    // An hour that the clock skips or repeats is the earlier one.
    private DateTimeOffset ToUtc(DateTime local) => LocalDateTime.FromDateTime(local).InZoneLeniently(_zone).ToDateTimeOffset().ToUniversalTime();

    private async Task GuardAsync(TakenFiles taken, DropFile file, Func<CancellationToken, Task> read, CancellationToken cancellationToken)
    {
        var key = taken.KeyOf(file.Key);
        var before = run.Store.State.Inputs.GetValueOrDefault(key);
        if (!run.Full && (before == file.Version || before == Refused + file.Version))
            return;
        var outcome = file.Version;
        try
        {
            await read(cancellationToken).ConfigureAwait(false);
            await run.ForgetFailureAsync(key, cancellationToken).ConfigureAwait(false);
        }
        catch (WhatsAppException exception)
        {
            await run.FailAsync(key, "", file.Key, ChatProblems.Of(exception), cancellationToken).ConfigureAwait(false);
            if (exception.IsPassing)
                return;
            outcome = Refused + file.Version;
        }
        catch (Exception exception) when (Wall.Holds(exception, cancellationToken))
        {
            await run.FailAsync(key, "", file.Key, exception, cancellationToken).ConfigureAwait(false);
            return;
        }

        await run.Store.ChangeStateAsync(state => state.Inputs[key] = outcome, cancellationToken).ConfigureAwait(false);
    }
}
