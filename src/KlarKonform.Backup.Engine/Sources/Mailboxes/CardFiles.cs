using System.Text.Json;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>A person or group in the snapshot: the JSON, with a vCard and a photo next to it.</summary>
internal static class CardFiles
{
    public const string Photo = ".jpg";

    private const string Card = ".vcf";

    /// <summary>Stores the files. A card that cannot be written is only a missing readable copy: the JSON is authoritative.</summary>
    /// <param name="run">The resource's run.</param>
    /// <param name="json">What Graph sent.</param>
    /// <param name="card">Writes the vCard.</param>
    /// <param name="photo">The photo, or null.</param>
    /// <param name="modified">When it was last changed.</param>
    /// <param name="missing">Receives what could not be written.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public static async Task<ItemContent> SaveAsync(
        ResourceBackup run,
        JsonElement json,
        Func<byte[]> card,
        byte[]? photo,
        DateTimeOffset modified,
        List<(string What, Exception Reason)> missing,
        CancellationToken cancellationToken
    )
    {
        var parts = new List<(string, Node)>();
        try
        {
            parts.Add((Card, await JsonFile.SaveAsync(run, card(), modified, cancellationToken)));
        }
        catch (Exception exception) when (Wall.Holds(exception, cancellationToken))
        {
            missing.Add((Texts.Get("Extra_Copy", Card), exception));
        }

        if (photo is not null)
            parts.Add((Photo, await JsonFile.SaveAsync(run, photo, modified, cancellationToken)));
        return new ItemContent(await JsonFile.SaveAsync(run, JsonFile.Write(json), modified, cancellationToken), parts);
    }
}
