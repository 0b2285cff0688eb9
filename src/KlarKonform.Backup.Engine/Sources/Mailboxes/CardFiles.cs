using System.Text.Json;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>A person or group in the snapshot: the JSON, a vCard and a photo beside it.</summary>
internal static class CardFiles
{
    public const string Photo = ".jpg";

    private const string Card = ".vcf";

    /// <summary>Stores the files. A card that cannot be written is a readable copy less: the JSON is the truth.</summary>
    /// <param name="run">The resource's run.</param>
    /// <param name="json">What Graph sent.</param>
    /// <param name="card">Writes the vCard.</param>
    /// <param name="photo">The photo, or null.</param>
    /// <param name="modified">When it changed last.</param>
    /// <param name="missing">Takes in what could not be written.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public static async Task<ItemContent> SaveAsync(
        ResourceBackup run, JsonElement json, Func<byte[]> card, byte[]? photo, DateTimeOffset modified, List<(string What, Exception Reason)> missing, CancellationToken cancellationToken)
    {
        var parts = new List<(string, Node)>();
        try
        {
            parts.Add((Card, await JsonFile.SaveAsync(run, card(), modified, cancellationToken).ConfigureAwait(false)));
        }
        catch (Exception exception) when (Wall.Holds(exception, cancellationToken))
        {
            missing.Add((Texts.Get("Extra_Copy", Card), exception));
        }

        if (photo is not null)
            parts.Add((Photo, await JsonFile.SaveAsync(run, photo, modified, cancellationToken).ConfigureAwait(false)));
        return new ItemContent(await JsonFile.SaveAsync(run, JsonFile.Write(json), modified, cancellationToken).ConfigureAwait(false), parts);
    }
}
