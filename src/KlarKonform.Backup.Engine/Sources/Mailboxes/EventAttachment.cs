using System.Text.Json;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>An attachment of an event.</summary>
/// <param name="Json">Its properties as Graph sent them.</param>
/// <param name="Suffix">What follows the event's name in the attachment's file name.</param>
/// <param name="Node">Its content, or null for a reference to a file in the cloud and for an attachment that could not be read.</param>
/// <param name="Occurrence">The changed occurrence of a series that it belongs to; null for the event's own.</param>
internal sealed record EventAttachment(JsonElement Json, string Suffix, Node? Node, string? Occurrence);
