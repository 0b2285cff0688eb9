using System.Text.Json;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>An item as a page describes it; valid only as long as the page.</summary>
internal readonly record struct SourceItem(string Id, JsonElement Json);
