using System.Text.Json;
using KlarKonform.Backup.Engine.Snapshots.Items;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>An entry of the address book that is to be stored.</summary>
/// <param name="Folder">Its folder.</param>
/// <param name="Id">Its id.</param>
/// <param name="Old">Where it is stored so far; null if it is new.</param>
/// <param name="Json">All that is known of it.</param>
/// <param name="Version">Tells this state of it from another.</param>
internal sealed record DirectoryChange(string Folder, string Id, ItemEntry? Old, JsonElement Json, string Version);
