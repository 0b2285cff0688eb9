using System.Text.Json;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>An item that was requested by its id.</summary>
/// <param name="Folder">The folder that it says it is in; empty if it does not say.</param>
/// <param name="Entry">Its properties, as a page would show them.</param>
internal sealed record FetchedItem(string Folder, JsonDocument Entry) : IDisposable
{
    public void Dispose() => Entry.Dispose();
}
