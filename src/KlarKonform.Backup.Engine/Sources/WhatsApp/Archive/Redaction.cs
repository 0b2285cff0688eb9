using KlarKonform.Backup.WhatsApp.Archive;

namespace KlarKonform.Backup.Engine.Sources.WhatsApp.Archive;

/// <summary>Removes a deleted message's content from the archive: the fact that there was a message, when and by whom, stays.</summary>
internal static class Redaction
{
    public static async Task ApplyAsync(ChatFolder chat, ChatMonth month, ChatLine line, CancellationToken cancellationToken)
    {
        if (line.Media is not null)
        {
            await chat.EraseMediaAsync(line.Id, cancellationToken);
            await chat.EraseFilesAsync(ChatFolder.OtherFileOf(line.Id), cancellationToken);
        }

        month.Replace(
            line with
            {
                Text = null,
                Earlier = null,
                Raw = null,
                Media = line.Media is null ? null : new ChatMedia { State = MediaState.Redacted },
                Deleted = true,
                Redacted = true,
            }
        );
    }
}
