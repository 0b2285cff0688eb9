using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Sources.Resources;

namespace KlarKonform.Backup.Engine.Sources.Drives;

/// <summary>The keys of a drive's items in the resource's store: Graph promises unique ids only within one drive.</summary>
/// <param name="prefix">The prefix of its items' keys.</param>
/// <param name="folder">The key of the folder that contains the drive; empty for the resource's own.</param>
/// <param name="round">Knows the id of the drive's root.</param>
internal sealed class DriveKeys(string prefix, string folder, DeltaRound round)
{
    /// <summary>The key of the folder that contains the drive.</summary>
    public string Folder => folder;

    /// <summary>The key of an item.</summary>
    public string Of(string id) => prefix + id;

    /// <summary>The id of an item in the drive.</summary>
    public string IdOf(string key) => key[prefix.Length..];

    /// <summary>Whether a key is that of an item of this drive. Failures of the resource and of its parts have other forms.</summary>
    public bool IsOfDrive(string key) => key.StartsWith(prefix, StringComparison.Ordinal) && key != ResourceBackup.Whole;

    /// <summary>The key of the folder that an item is in.</summary>
    public string ParentOf(JsonElement item) =>
        DriveItemJson.Parent(item) is var parent && (parent.Length == 0 || parent == round.State.RootId) ? folder : Of(parent);
}
