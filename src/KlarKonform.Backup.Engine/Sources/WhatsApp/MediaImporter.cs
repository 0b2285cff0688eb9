using KlarKonform.Backup.Engine.Formats.Chats;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Engine.Sources.WhatsApp.Archive;
using KlarKonform.Backup.WhatsApp;
using KlarKonform.Backup.WhatsApp.Archive;
using KlarKonform.Backup.WhatsApp.Media;

namespace KlarKonform.Backup.Engine.Sources.WhatsApp;

/// <summary>
/// Downloads the media that webhooks name: Meta keeps them for seven days. What fails is tried again by the next runs; what Meta no longer
/// has is recorded. Used for one run.
/// </summary>
/// <param name="run">The run.</param>
/// <param name="client">Access to Meta; null without an access token.</param>
/// <param name="wanted">Whether media are to be downloaded at all.</param>
internal sealed class MediaImporter(ResourceBackup run, MediaClient? client, bool wanted)
{
    private const int AtOnce = 4;

    // After twenty errors in an hour Meta stops answering for half an hour (360dialog, "Media"): staying below leaves room for other
    // requests.
    private const int MaxErrors = 15;

    private int _errors;
    private long _gone;
    private volatile bool _pausing;

    /// <summary>Downloads the media that a month is waiting for.</summary>
    public async Task FetchAsync(ChatFolder chat, string name, ChatMonth month, CancellationToken cancellationToken)
    {
        var waiting = month.Lines.Where(line => line is { Redacted: false, Media: { State: MediaState.Pending, Id: not null } }).ToArray();
        if (waiting.Length == 0 || !wanted)
            return;
        await Parallel.ForEachAsync(
            waiting,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (line, token) =>
            {
                var key = KeyOf(chat, name, line.Id);
                try
                {
                    var stored = await DownloadAsync(chat, line, token);
                    Replace(month, line with { Media = stored });
                    await run.ForgetFailureAsync(key, token);
                }
                catch (WhatsAppException exception) when (exception.Kind == WhatsAppErrorKind.MediaGone)
                {
                    Replace(month, line with { Media = line.Media! with { State = MediaState.Gone } });
                    await run.ForgetFailureAsync(key, token);
                    Interlocked.Increment(ref _gone);
                    Count();
                }
                catch (WhatsAppException exception)
                {
                    _pausing |= exception.Kind is WhatsAppErrorKind.Throttled or WhatsAppErrorKind.AccessDenied;
                    await run.FailAsync(key, chat.Id, NameOf(line), ChatProblems.Of(exception), token);
                    Count();
                }
                catch (Exception exception) when (Wall.Holds(exception, token))
                {
                    await run.FailAsync(key, chat.Id, NameOf(line), exception, token);
                    Count();
                }
            }
        );
    }

    /// <summary>Tries again what earlier runs could not download.</summary>
    public async Task RetryAsync(ChatArchive archive, CancellationToken cancellationToken)
    {
        foreach (var failure in run.DueFailures.Where(failure => failure.ItemId.StartsWith("media:", StringComparison.Ordinal)))
        {
            // media:chat:<number>|<chat>|<month>|<message>
            if (failure.ItemId["media:chat:".Length..].Split('|', 4) is not [_, var chat, var month, _])
                continue;
            var stored = await run.Store.FindAsync($"info:{failure.Parent}", cancellationToken) is { } entry
                ? await run.Store.ReadAsync(entry, cancellationToken)
                : null;
            if (stored is null)
                continue;
            var info = ChatInfo.Parse(stored);
            var folder = await archive.ChatAsync(info.Number, info.NumberId, chat, null, cancellationToken);
            await FetchAsync(folder, month, await folder.MonthAsync(month, cancellationToken), cancellationToken);
        }

        await archive.SaveAsync(cancellationToken);
    }

    /// <summary>Tells the admin what is lost.</summary>
    public void Report()
    {
        if (_gone > 0)
            run.Note(Texts.Get("MediaGone", _gone));
    }

    private async Task<ChatMedia> DownloadAsync(ChatFolder chat, ChatLine line, CancellationToken cancellationToken)
    {
        if (client is null)
            throw new WhatsAppException(WhatsAppErrorKind.AccessDenied, "No access token is configured.");
        if (_pausing)
            throw new WhatsAppException(WhatsAppErrorKind.Throttled, "Meta refused others before; this one was not asked for.");
        await using var media = await client.OpenAsync(
            line.Media!.Id!,
            chat.Info.NumberId is { Length: > 0 } number ? number : null,
            cancellationToken
        );
        var known = line.Media with { MimeType = line.Media.MimeType ?? media.MimeType, Sha256 = line.Media.Sha256 ?? media.Sha256 };
        try
        {
            return await chat.StoreMediaAsync(line, known, NameOf(line), new ReceivedStream(media.Content, media.Size), cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            throw new WhatsAppException(WhatsAppErrorKind.Unreachable, exception.Message, exception);
        }
    }

    private static void Replace(ChatMonth month, ChatLine line)
    {
        lock (month)
            month.Replace(line);
    }

    private void Count()
    {
        if (Interlocked.Increment(ref _errors) >= MaxErrors)
            _pausing = true;
    }

    private static string KeyOf(ChatFolder chat, string month, string message) => $"media:{chat.Id}|{month}|{message}";

    private static string NameOf(ChatLine line) => line.Media?.Name ?? $"{line.Type}{ExtensionOf(line.Media?.MimeType)}";

    private static string ExtensionOf(string? mimeType) =>
        (mimeType ?? "").Split(';')[0].Trim().ToLowerInvariant() switch
        {
            "image/jpeg" => ".jpg",
            "image/png" => ".png",
            "image/webp" => ".webp",
            "image/gif" => ".gif",
            "video/mp4" => ".mp4",
            "video/3gpp" => ".3gp",
            "audio/ogg" => ".ogg",
            "audio/mpeg" => ".mp3",
            "audio/mp4" => ".m4a",
            "audio/aac" => ".aac",
            "audio/amr" => ".amr",
            "application/pdf" => ".pdf",
            "text/plain" => ".txt",
            "text/vcard" or "text/x-vcard" => ".vcf",
            _ => ".bin",
        };
}
