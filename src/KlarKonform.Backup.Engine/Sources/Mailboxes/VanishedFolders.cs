using System.Collections.Concurrent;
using KlarKonform.Backup.Engine.Sources.Resources;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>Folders of a run that were listed and then not found; all rounds share them. Thread-safe.</summary>
internal sealed class VanishedFolders(ResourceBackup run)
{
    private readonly ConcurrentDictionary<string, bool> _folders = new(StringComparer.Ordinal);

    /// <summary>
    /// A listed folder was not found. The first time it may have been deleted meanwhile; a folder that the next look lists again, and that
    /// again cannot be read, exists.
    /// </summary>
    /// <exception cref="PartIncompleteException">The folder exists but cannot be read.</exception>
    public async Task NoteAsync(string folder, CancellationToken cancellationToken)
    {
        if (_folders.TryAdd(folder, true))
            return;

        // Or its removal was never reported: the next look lists all folders.
        await run.Store.ChangeStateAsync(state => state.Link = null, cancellationToken);
        throw new PartIncompleteException(
            new ItemProblem("ListedNotFound", Texts.Get("ListedNotFound"), "HintRetry") { Level = FailureLevel.Part }
        );
    }
}
