using System.Globalization;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Engine.Sources.WhatsApp.Archive;
using KlarKonform.Backup.Engine.Sources.WhatsApp.Locations;
using KlarKonform.Backup.WhatsApp;
using KlarKonform.Backup.WhatsApp.Archive;
using KlarKonform.Backup.WhatsApp.Receiving;
using KlarKonform.Backup.WhatsApp.Webhooks;

namespace KlarKonform.Backup.Engine.Sources.WhatsApp;

/// <summary>
/// Takes in webhooks from a spool. How far each file was read is in the state, which is in the snapshot; a file is only deleted by a later
/// run that found this in a snapshot, and only when no receiver can still be writing to it. What is read twice is stored once. Used for one
/// run.
/// </summary>
internal sealed class WebhookImporter(
    ResourceBackup run,
    ChatArchive archive,
    MediaImporter media,
    string? appSecret,
    DeletedMessagesPolicy deleted
)
{
    private const int LinesTogether = 20_000;
    private const long BytesTogether = 16L << 20;
    private const string Refused = "refused ";

    // A receiver starts a new file at most an hour after the last one; the rest allows for differing clocks.
    private static readonly TimeSpan s_untouched = TimeSpan.FromHours(24);

    private readonly List<WebhookItem> _items = [];
    private readonly List<WebhookContact> _contacts = [];
    private readonly Dictionary<string, string> _progress = new(StringComparer.Ordinal);
    private long _bytes;

    public async Task RunAsync(IDropLocation place, CancellationToken cancellationToken)
    {
        var files = await place.ListAsync(cancellationToken);
        var taken = new ImportedFiles(run, "spool", place);
        await taken.ForgetGoneAsync(files, cancellationToken);
        foreach (var file in files)
        {
            var key = taken.KeyOf(file.Key);
            var before = run.Store.State.Inputs.GetValueOrDefault(key);
            if (await IsDoneAsync(place, file, before, cancellationToken))
                continue;
            if (SpoolReader.IsSpool(file.Name))
                await ReadSpoolAsync(place, file, key, before, cancellationToken);
            else if (SpoolReader.IsBody(file.Name))
                await ReadBodyAsync(place, file, key, before, cancellationToken);
        }

        await FlushAsync(cancellationToken);
    }

    // A file that was read to its end, according to a snapshot, is not needed any more.
    private async Task<bool> IsDoneAsync(IDropLocation place, DropFile file, string? before, CancellationToken cancellationToken)
    {
        if (run.Full || before is null || (before != file.Size.ToString(CultureInfo.InvariantCulture) && before != file.Version))
            return false;
        if (run.Now - file.Modified < s_untouched)
            return true;
        try
        {
            await place.DeleteAsync(file, cancellationToken);
        }
        catch (WhatsAppException exception)
        {
            run.Note(Texts.Get("SpoolNotDeleted", place.Name, exception.Message));
        }

        return true;
    }

    private async Task ReadSpoolAsync(IDropLocation place, DropFile file, string key, string? before, CancellationToken cancellationToken)
    {
        var wasRefused = before?.StartsWith(Refused, StringComparison.Ordinal) == true;
        var start =
            !run.Full
            && long.TryParse(
                wasRefused ? before![Refused.Length..] : before,
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out var known
            )
            && known <= file.Size
                ? known
                : 0;
        var (forged, unreadable) = (0, 0);
        try
        {
            await using var content = await place.OpenAsync(file, start, cancellationToken);
            await foreach (var (record, end) in SpoolReader.ReadAsync(content, start, cancellationToken))
            {
                if (
                    record is not null
                    && record.Signature is not null
                    && appSecret is not null
                    && !WebhookSignature.Matches(record.Body.Span, record.Signature, appSecret)
                )
                    forged++;
                else if (record is null || !TryTake(record, cancellationToken))
                    unreadable++;

                // A torn line, which lacks its line feed, was never confirmed and is not returned: its sender tried again. A complete line
                // that cannot be read is data. A file that contains something refused stays where it is.
                var refused = forged + unreadable > 0 || (wasRefused && start > 0);
                _progress[key] = (refused ? Refused : "") + end.ToString(CultureInfo.InvariantCulture);
                if (_items.Count >= LinesTogether || _bytes >= BytesTogether)
                    await FlushAsync(cancellationToken);
            }

            if (forged > 0)
                throw new WhatsAppException(
                    WhatsAppErrorKind.Forged,
                    $"{forged} webhooks in the spool have a signature that the app secret does not give."
                );
            if (unreadable > 0)
                throw new WhatsAppException(WhatsAppErrorKind.NotAWebhook, $"{unreadable} entries of the spool are no webhooks of Meta's.");
            if (!wasRefused || start == 0)
                await run.ForgetFailureAsync(key, cancellationToken);
        }
        catch (WhatsAppException exception)
        {
            await run.FailAsync(key, "", file.Key, ChatProblems.Of(exception), cancellationToken);
        }
        catch (Exception exception) when (DropFailure.IsOne(exception))
        {
            await run.FailAsync(key, "", file.Key, ChatProblems.Of(DropFailure.Of(exception, place.Name)), cancellationToken);
        }
    }

    private bool TryTake(SpoolRecord record, CancellationToken cancellationToken)
    {
        try
        {
            Take(record.Body, record.Received, cancellationToken);
            return true;
        }
        catch (Exception exception) when (Wall.Holds(exception, cancellationToken))
        {
            return false;
        }
    }

    // Another program's receiver stored it: only one that has checked the signature may write there.
    private async Task ReadBodyAsync(IDropLocation place, DropFile file, string key, string? before, CancellationToken cancellationToken)
    {
        if (!run.Full && before == Refused + file.Version)
            return;
        try
        {
            if (file.Size > SpoolReader.MaxBody)
                throw new WhatsAppException(
                    WhatsAppErrorKind.NotAWebhook,
                    $"The file has {file.Size} bytes; a webhook has {SpoolReader.MaxBody} at most."
                );
            await using var content = await place.OpenAsync(file, 0, cancellationToken);
            using var body = new MemoryStream();
            await content.CopyToAsync(body, cancellationToken);
            Take(body.GetBuffer().AsMemory(0, (int)body.Length), file.Modified, cancellationToken);
            _progress[key] = file.Version;
            await run.ForgetFailureAsync(key, cancellationToken);
        }
        catch (WhatsAppException exception)
        {
            await run.FailAsync(key, "", file.Key, ChatProblems.Of(exception), cancellationToken);
            if (!exception.IsPassing)
                _progress[key] = Refused + file.Version;
        }
        catch (Exception exception) when (DropFailure.IsOne(exception))
        {
            await run.FailAsync(key, "", file.Key, ChatProblems.Of(DropFailure.Of(exception, place.Name)), cancellationToken);
        }
        catch (Exception exception) when (Wall.Holds(exception, cancellationToken))
        {
            await run.FailAsync(key, "", file.Key, exception, cancellationToken);
        }

        if (_items.Count >= LinesTogether || _bytes >= BytesTogether)
            await FlushAsync(cancellationToken);
    }

    private void Take(ReadOnlyMemory<byte> body, DateTimeOffset received, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var content = WebhookParser.Parse(body, received);
        _items.AddRange(content.Items);
        _contacts.AddRange(content.Contacts);
        _bytes += body.Length;
    }

    /// <summary>Adds what was read to its chats; then the state records it.</summary>
    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        foreach (var contact in _contacts)
            await archive.KnowAsync(contact, cancellationToken);
        var names = _contacts
            .GroupBy(contact => (contact.Number.Id, contact.Id))
            .ToDictionary(group => group.Key, group => group.Last().Name);
        foreach (var group in _items.GroupBy(item => (item.Number, item.Chat)))
        {
            var chat = await archive.ChatAsync(
                group.Key.Number.Display,
                group.Key.Number.Id,
                group.Key.Chat,
                names.GetValueOrDefault((group.Key.Number.Id, group.Key.Chat)),
                cancellationToken
            );
            await AddEachAsync(chat, [.. group.Select(item => item.Line)], cancellationToken);
            await chat.SaveMonthsAsync(cancellationToken);
        }

        await archive.SaveAsync(cancellationToken);
        await run.Store.ChangeStateAsync(
            state =>
            {
                foreach (var (key, value) in _progress)
                    state.Inputs[key] = value;
            },
            cancellationToken
        );
        _items.Clear();
        _contacts.Clear();
        _progress.Clear();
        _bytes = 0;
    }

    // An error in one message affects only that message: if several cannot be added together, each is added on its own. The file of a
    // message that cannot be added at all stays in the spool.
    private async Task AddEachAsync(ChatFolder chat, IReadOnlyList<ChatLine> lines, CancellationToken cancellationToken)
    {
        try
        {
            await AddAsync(chat, lines, cancellationToken);
            return;
        }
        catch (Exception exception) when (Wall.Holds(exception, cancellationToken) && lines.Count > 1)
        {
            run.Note(Texts.Get("ItemUnexpected", exception.GetType().Name));
        }
        catch (Exception exception) when (Wall.Holds(exception, cancellationToken))
        {
            await run.FailAsync($"message {lines[0].Key}", "", lines[0].Key, exception, cancellationToken);
            foreach (var (key, value) in _progress.Where(each => !each.Value.StartsWith(Refused, StringComparison.Ordinal)).ToArray())
                _progress[key] = Refused + value;
            return;
        }

        foreach (var line in lines)
            await AddEachAsync(chat, [line], cancellationToken);
    }

    private async Task AddAsync(ChatFolder chat, IReadOnlyList<ChatLine> lines, CancellationToken cancellationToken)
    {
        var touched = new SortedSet<string>(StringComparer.Ordinal);
        var happened = new List<(string Month, ChatLine Line)>();
        foreach (var group in lines.GroupBy(ChatFolder.MonthOf))
        {
            var month = await chat.MonthAsync(group.Key, cancellationToken);
            foreach (var line in group)
            {
                month.Add(line);
                touched.Add(group.Key);
            }

            month.Sort();
        }

        foreach (var name in touched)
        {
            // An edit or removal may arrive before its message, or belong to the following month.
            foreach (var each in (string[])[name, Next(name)])
            {
                if (each == name || chat.Info.Months.ContainsKey(each) || touched.Contains(each))
                    happened.AddRange(
                        (await chat.MonthAsync(each, cancellationToken))
                            .Lines.Where(line => line.Record is ChatRecord.Edit or ChatRecord.Revoke)
                            .Select(line => (each, line))
                    );
            }
        }

        foreach (var (month, line) in happened.Distinct().OrderBy(each => each.Line.Time))
            await HappenAsync(chat, month, line, cancellationToken);
        foreach (var name in touched)
            await media.FetchAsync(chat, name, await chat.MonthAsync(name, cancellationToken), cancellationToken);
    }

    private async Task HappenAsync(ChatFolder chat, string from, ChatLine happened, CancellationToken cancellationToken)
    {
        if (happened.Target is not { } id || await chat.FindAsync(id, from, cancellationToken) is not var (name, target))
            return;
        var month = await chat.MonthAsync(name, cancellationToken);
        if (target.Redacted)
        {
            // What arrives again of it, or of its changes, is not kept either.
            if (happened is { Record: ChatRecord.Edit, Text: not null })
                (await chat.MonthAsync(from, cancellationToken)).Replace(happened with { Text = null, Raw = null, Redacted = true });
            return;
        }

        if (happened.Record == ChatRecord.Edit)
        {
            if (
                happened.Text is { } text
                && text != target.Text
                && target.Earlier?.Any(version => version.Replaced >= happened.Time) != true
            )
                month.Replace(
                    target with
                    {
                        Edited = true,
                        Text = text,
                        Earlier = [.. target.Earlier ?? [], new ChatVersion(target.Text ?? "", happened.Time)],
                    }
                );
        }
        else if (deleted == DeletedMessagesPolicy.Redact)
        {
            await Redaction.ApplyAsync(chat, month, target, cancellationToken);
            await RedactEditsAsync(chat, id, name, cancellationToken);
        }
        else if (!target.Deleted)
        {
            month.Replace(target with { Deleted = true });
        }
    }

    // The new text of an edited message is in the event too.
    private static async Task RedactEditsAsync(ChatFolder chat, string id, string from, CancellationToken cancellationToken)
    {
        foreach (var name in (string[])[from, Next(from)])
        {
            var month = await chat.MonthAsync(name, cancellationToken);
            foreach (var edit in month.Lines.Where(line => line.Record == ChatRecord.Edit && line.Target == id && !line.Redacted).ToArray())
                month.Replace(edit with { Text = null, Raw = null, Redacted = true });
        }
    }

    // December 9999, which an outsider's webhook may name, has no next month.
    private static string Next(string month) =>
        DateTime.ParseExact(month, "yyyy-MM", CultureInfo.InvariantCulture) is var first && first < DateTime.MaxValue.AddMonths(-1)
            ? first.AddMonths(1).ToString("yyyy-MM", CultureInfo.InvariantCulture)
            : month;
}
