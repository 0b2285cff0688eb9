using System.Globalization;
using KlarKonform.Backup.Engine.Formats.Chats;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Engine.Sources.WhatsApp.Archive;
using KlarKonform.Backup.WhatsApp;
using KlarKonform.Backup.WhatsApp.Archive;
using KlarKonform.Backup.WhatsApp.Exports;

namespace KlarKonform.Backup.Engine.Sources.WhatsApp.Exports;

/// <summary>
/// Takes in one chat's export: its messages, their files, the text as exported, and anything stored with it. Nothing in it gets lost
/// without being reported. Used for one export.
/// </summary>
/// <param name="run">The run.</param>
/// <param name="archive">The chats.</param>
/// <param name="place">What all exports of a place share.</param>
/// <param name="container">The export's files.</param>
/// <param name="text">The file among them with the chat's text.</param>
/// <param name="source">The export's file, for notes and failures, and as the key in the state.</param>
internal sealed class ChatImport(
    ResourceBackup run,
    ChatArchive archive,
    ExportPlace place,
    ExportContainer container,
    ChatText text,
    (string Name, string Key) source
)
{
    // WhatsApp exports the newest 40,000 messages, or 10,000 with media (Meta's help): near that number the oldest ones are missing.
    private const int NearLimit = 9_900;
    private const int NearTextLimit = 39_900;

    private const string TextFolder = "_exports";
    private const string RestFolder = "_unassigned";

    // For more names, the number says enough.
    private const int NamesInNote = 5;
    private const int NamesInBalance = 1000;

    private readonly List<(ContainerFile File, string Kind)> _rest = [];
    private int _added;

    /// <summary>Takes in the export.</summary>
    /// <param name="restBelongsToIt">Whether files that no message names belong to this chat.</param>
    /// <param name="others">Keys of files that are something else: other chats, and exports next to this one.</param>
    /// <param name="more">Files from elsewhere that came with it.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task RunAsync(
        bool restBelongsToIt,
        IReadOnlySet<string> others,
        IReadOnlyList<ContainerFile> more,
        CancellationToken cancellationToken
    )
    {
        var survey = await ExportSurvey.ReadAsync(container, text, cancellationToken);
        var choice = await place.Matcher.ChooseAsync(ChatName.Of(text.File.Name, container.Name), source.Name, survey, cancellationToken);
        var chat = await archive.ChatAsync(place.Settings.Number, "", choice.Chat, choice.IsNew ? choice.Name : null, cancellationToken);
        chat.Info.Call(choice.Name, survey.Messages == 0 ? "" : survey.Last.ToString("s", CultureInfo.InvariantCulture));

        // Its identity is stored before the first month: an interrupted run must not leave a chat that cannot be found again.
        foreach (var author in survey.Authors)
            chat.Info.Participants.TryAdd(author, author);
        chat.Info.Remember(survey.Traces.Sketch(chat.Info.Hashes()));
        await chat.SaveAsync(cancellationToken);
        place.Matcher.Know(choice.Chat, chat.Info);
        await MergeAsync(chat, choice.Shift, cancellationToken);
        if (restBelongsToIt)
            _rest.AddRange(
                container
                    .Files.Where(file => file.Key != text.File.Key && !text.Names.Contains(file.Key) && !others.Contains(file.Key))
                    .Select(file => (file, ChatFolder.OtherFile))
            );
        _rest.AddRange(more.Select(file => (file, ChatFolder.OtherFile)));
        foreach (var (file, kind) in _rest)
        {
            await EachAsync(
                file,
                content => chat.StoreFileAsync($"{kind}|{file.Path}", RestFolder, file.Name, content, run.Now, cancellationToken),
                cancellationToken
            );
        }

        chat.Info.Keep(
            source.Name,
            new ExportBalance
            {
                Taken = run.Now,
                Text = await StoreTextAsync(chat, cancellationToken),
                Bytes = text.File.Bytes,
                Messages = survey.Messages,
                Added = _added,
                NotMessages = survey.NotMessages,
                ClockMinutes = choice.Shift.Minutes,
                Files = container.Files.Count(file => file.Key != text.File.Key && !others.Contains(file.Key)),
                Named = text.Names.Count,
                Omitted = survey.Omitted,
                Missing = [.. survey.Missing.Take(NamesInBalance)],
                Unassigned = [.. _rest.Select(each => each.File.Name).Take(NamesInBalance)],
            }
        );
        await archive.SaveAsync(cancellationToken);
        Tell(survey, choice);
    }

    private void Tell(ExportSurvey survey, ChatChoice choice)
    {
        if (text.Format.IsOrderAssumed)
            run.Note(Texts.Get("ExportDateAssumed", choice.Name, text.Format.Order), namesItem: true);
        if (survey.Messages >= (survey.HasFiles ? NearLimit : NearTextLimit))
            run.Note(Texts.Get("ExportTruncated", choice.Name, survey.Messages), namesItem: true);
        if (choice.IsDoubtful)
            run.Note(Texts.Get("ExportOfSameName", choice.Name, source.Name), namesItem: true);
        if (choice.Shift.IsAny)
            run.Note(Texts.Get("ExportShifted", source.Name, choice.Shift.Minutes), namesItem: true);
        if (survey.NotMessages > 0)
            run.Note(Texts.Get("ExportNotMessages", source.Name, survey.NotMessages), namesItem: true);
        if (survey.Missing.Count > 0)
            run.Note(Texts.Get("ExportMissing", source.Name, survey.Missing.Count, Some(survey.Missing)), namesItem: true);
        if (_rest.Count > 0)
            run.Note(
                Texts.Get("ExportUnassigned", source.Name, _rest.Count, Some(_rest.Select(each => each.File.Name)), RestFolder),
                namesItem: true
            );
    }

    private static string Some(IEnumerable<string> names) =>
        names.Take(NamesInNote + 1).ToArray() is { Length: > NamesInNote } many
            ? string.Join(", ", many.Take(NamesInNote)) + ", …"
            : string.Join(", ", names);

    private async Task MergeAsync(ChatFolder chat, ChatShift shift, CancellationToken cancellationToken)
    {
        var merger = new ExportMerger(chat.Id, place.ToUtc, run.Now);
        var pending = new SortedDictionary<string, List<ExportMessage>>(StringComparer.Ordinal);
        await using (var content = await container.OpenAsync(text.File, cancellationToken))
        {
            await foreach (var read in ExportReader.ReadAsync(content, text.Format, container.Names, cancellationToken))
            {
                var message = shift.IsAny ? read with { Time = shift.Apply(read.Time, read.Author) } : read;
                var month = message.Time.ToString("yyyy-MM", CultureInfo.InvariantCulture);
                if (!pending.TryGetValue(month, out var messages))
                {
                    // Clocks are sometimes set back, by hours: the previous month may still receive something.
                    while (pending.Count > 2 && pending.Keys.First() is var oldest && string.CompareOrdinal(oldest, month) < 0)
                        await MergeMonthAsync(oldest, last: false);
                    pending[month] = messages = [];
                }

                messages.Add(message);
            }
        }

        while (pending.Count > 0)
            await MergeMonthAsync(pending.Keys.First(), last: pending.Count == 1);

        async Task MergeMonthAsync(string month, bool last)
        {
            pending.Remove(month, out var messages);
            var stored = await chat.MonthAsync(month, cancellationToken);
            var placed = new List<(string Attachment, string Line)>();
            _added += merger.Merge(stored, messages!, endsExport: last, (message, line) => placed.Add((message.Attachment!, line)));
            await StoreMediaAsync(chat, stored, placed, cancellationToken);
            if (place.Deleted == DeletedMessagesPolicy.Redact)
            {
                foreach (var line in stored.Lines.Where(line => line is { Deleted: true, Redacted: false }).ToArray())
                    await Redaction.ApplyAsync(chat, stored, line, cancellationToken);
            }

            await chat.SaveMonthsAsync(cancellationToken);
        }
    }

    // A message that has its file keeps it. A different one that an export shows for it, better or worse, is kept in the chat's folder.
    private async Task StoreMediaAsync(
        ChatFolder chat,
        ChatMonth month,
        List<(string Attachment, string Line)> placed,
        CancellationToken cancellationToken
    )
    {
        foreach (var (attachment, id) in placed)
        {
            if (container.Find(attachment) is not { } file || month.Find(id) is not { Redacted: false } line || IsDeletedForGood(line))
                continue;
            if (line.Media is { State: MediaState.Missing or MediaState.Omitted } media)
            {
                await EachAsync(
                    file,
                    async content =>
                        month.Replace(
                            line with
                            {
                                Media = await chat.StoreMediaAsync(
                                    line,
                                    media with
                                    {
                                        Name = attachment,
                                    },
                                    attachment,
                                    content,
                                    cancellationToken
                                ),
                            }
                        ),
                    cancellationToken
                );
            }
            else if (!await IsTheSameAsync(line, attachment, file, cancellationToken))
            {
                _rest.Add((file, ChatFolder.OtherFileOf(line.Id)));
            }
        }
    }

    private bool IsDeletedForGood(ChatLine line) => line.Deleted && place.Deleted == DeletedMessagesPolicy.Redact;

    private async Task<bool> IsTheSameAsync(ChatLine line, string attachment, ContainerFile file, CancellationToken cancellationToken)
    {
        if (line.Media is not { State: MediaState.Stored } media)
            return false;
        if (media.Size != file.Bytes)
            return false;
        if (media.Name == attachment)
            return true;
        var hash = "";
        await EachAsync(
            file,
            async content =>
            {
                await using var hashing = new Sha256Stream(content);
                await hashing.CopyToAsync(Stream.Null, cancellationToken);
                hash = hashing.Hash;
            },
            cancellationToken
        );
        return hash == media.Sha256;
    }

    // It contains what people deleted for everyone: with redaction it is not kept.
    private async Task<string?> StoreTextAsync(ChatFolder chat, CancellationToken cancellationToken)
    {
        if (place.Deleted == DeletedMessagesPolicy.Redact)
            return null;
        await using var content = await container.OpenAsync(text.File, cancellationToken);
        return await chat.StoreFileAsync(
            ChatFolder.ExportedText,
            TextFolder,
            ChatName.IsText(source.Name) ? source.Name : source.Name + ".txt",
            content,
            run.Now,
            cancellationToken
        );
    }

    // A file of an export that cannot be read affects only itself.
    private async Task EachAsync(ContainerFile file, Func<Stream, Task> act, CancellationToken cancellationToken)
    {
        var key = ImportedFiles.PartOf(source.Key, file.Path);
        try
        {
            await using var content = await container.OpenAsync(file, cancellationToken);
            await act(content);
        }
        catch (WhatsAppException exception) when (exception.Kind is WhatsAppErrorKind.Incomplete or WhatsAppErrorKind.Dangerous)
        {
            await run.FailAsync(key, "", $"{source.Name}/{file.Name}", ChatProblems.Of(exception), cancellationToken);
        }
    }
}
