using System.Text.Json;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Sources.Calendar;

/// <summary>What is attached to an event.</summary>
/// <param name="Json">Its properties as Graph sent them.</param>
/// <param name="Suffix">What follows the event's name in the attachment's.</param>
/// <param name="Node">Its bytes, or null for a reference to a file in the cloud.</param>
internal sealed record EventAttachment(JsonElement Json, string Suffix, Node? Node);
