using System.Text.Json;
using KlarKonform.Backup.Engine.Runs;
using KlarKonform.Backup.Engine.State;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Sources;

/// <summary>A person or group in the snapshot: the JSON, a vCard and a photo beside it.</summary>
internal static class CardFiles
{
    public const string Photo = ".jpg";

    private const string Card = ".vcf";

    public static async Task<ItemContent> SaveAsync(ResourceRun run, JsonElement json, byte[] card, byte[]? photo, DateTimeOffset modified, CancellationToken cancellationToken)
    {
        var parts = new List<(string, Node)> { (Card, await JsonFile.SaveAsync(run, card, modified, cancellationToken).ConfigureAwait(false)) };
        if (photo is not null)
            parts.Add((Photo, await JsonFile.SaveAsync(run, photo, modified, cancellationToken).ConfigureAwait(false)));
        return new ItemContent(await JsonFile.SaveAsync(run, JsonFile.Write(json), modified, cancellationToken).ConfigureAwait(false), parts);
    }
}
