using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Engine.Sources.WhatsApp.Archive;
using KlarKonform.Backup.WhatsApp.Archive;

namespace KlarKonform.Backup.Engine.Sources.WhatsApp;

/// <summary>
/// Once redaction of deleted messages is decided, it applies to what was stored before as well: in the months that no export and no webhook
/// touches again, and in exported texts. Used for one run.
/// </summary>
internal sealed class RedactionSweep(ResourceBackup run, ChatArchive archive)
{
    private const string Key = "policy of deleted messages";

    /// <summary>Goes through all chats, once after the policy changed.</summary>
    public async Task RunAsync(DeletedMessagesPolicy policy, CancellationToken cancellationToken)
    {
        if (run.Store.State.Inputs.GetValueOrDefault(Key) == policy.ToString())
            return;
        if (policy == DeletedMessagesPolicy.Redact)
        {
            var isDone = true;
            foreach (var chat in await archive.AllAsync(cancellationToken))
                isDone &= await run.GuardPartAsync(
                    $"redaction {chat.Id}",
                    chat.Info.Name,
                    () => SweepAsync(chat, cancellationToken),
                    cancellationToken
                );
            await archive.SaveAsync(cancellationToken);
            if (!isDone)
                return; // A chat that failed is tried again by the next run.
        }

        await run.Store.ChangeStateAsync(state => state.Inputs[Key] = policy.ToString(), cancellationToken);
    }

    private static async Task SweepAsync(ChatFolder chat, CancellationToken cancellationToken)
    {
        await chat.EraseFilesAsync(ChatFolder.ExportedText, cancellationToken);
        foreach (var export in chat.Info.Exports.Keys.ToArray())
            chat.Info.Exports[export] = chat.Info.Exports[export] with { Text = null };
        var gone = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in chat.Info.Months.Keys.ToArray())
        {
            var month = await chat.MonthAsync(name, cancellationToken);
            foreach (var line in month.Lines.Where(line => line is { Deleted: true, Redacted: false }).ToArray())
            {
                await Redaction.ApplyAsync(chat, month, line, cancellationToken);
                gone.Add(line.Id);
            }

            // An edit comes after its message, and contains the text as well.
            foreach (
                var edit in month
                    .Lines.Where(line => line is { Record: ChatRecord.Edit, Redacted: false, Target: { } target } && gone.Contains(target))
                    .ToArray()
            )
                month.Replace(edit with { Text = null, Raw = null, Redacted = true });
            await chat.SaveMonthsAsync(cancellationToken);
        }
    }
}
