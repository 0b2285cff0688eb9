using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Engine.Sources.Shapes;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>
/// A folder whose name or place the source does not tell, not even when the folder itself is requested. Its contents are backed up
/// nevertheless: where they are stored, or under its mark at the root. The missing information is a failure of this folder.
/// </summary>
internal static class OddFolder
{
    public static async Task<SourceFolder> KeepAsync(
        ResourceBackup run,
        string id,
        JsonElement folder,
        Verdict verdict,
        CancellationToken cancellationToken
    )
    {
        var name = folder.Text("displayName") is { Length: > 0 } display ? display : folder.Text("name");
        await run.FailAsync(
            "folder:" + id,
            "",
            name.Length > 0 ? name : id,
            new ItemProblem("OddAnswer", Texts.Get("OddAnswer", string.Join(", ", verdict.Wrong)), "HintRetry")
            {
                Level = FailureLevel.Part,
            },
            cancellationToken
        );
        if (await run.Store.FindAsync(id, cancellationToken) is { IsFolder: true } stored)
            return new SourceFolder(
                id,
                stored.Parent,
                run.Store.State.Folders.TryGetValue(id, out var known) ? known.Name : stored.Name,
                stored.Name,
                null
            );
        return new SourceFolder(id, "", name, name.Length > 0 ? SafeName.WithMark(SafeName.From(name), id) : SafeName.Mark(id), null);
    }
}
