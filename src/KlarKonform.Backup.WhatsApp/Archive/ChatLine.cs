using System.Text.Json;
using System.Text.Json.Serialization;

namespace KlarKonform.Backup.WhatsApp.Archive;

/// <summary>A line of an archived chat's JSON-lines file: a message, or something that happened to one.</summary>
public sealed record ChatLine
{
    /// <summary>Meta's message id (<c>wamid.…</c>), or <c>x:…</c> for a message from an export, which has no ids.</summary>
    public required string Id { get; init; }

    /// <summary>What kind of line it is.</summary>
    public ChatRecord Record { get; init; }

    /// <summary>When it was sent or happened; UTC. For exports, converted from the configured time zone.</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary>Exports: the phone's wall-clock time as in the export, without seconds if it has none.</summary>
    public string? LocalTime { get; init; }

    /// <summary>Who wrote it; null for WhatsApp itself.</summary>
    public ChatParty? From { get; init; }

    /// <summary>Whether the business wrote it.</summary>
    public bool Outgoing { get; init; }

    /// <summary>Meta's type (text, image, location, …), or the type of the export's line.</summary>
    public string Type { get; init; } = "";

    /// <summary>What people read: the text, the caption, a place's name, a button's title.</summary>
    public string? Text { get; init; }

    /// <summary>The file.</summary>
    public ChatMedia? Media { get; init; }

    /// <summary>Status, reaction, edit, revocation: the message concerned. Messages: the message being answered.</summary>
    public string? Target { get; init; }

    /// <summary>Status: sent, delivered, read, played or failed.</summary>
    public string? Status { get; init; }

    /// <summary>Whether it was forwarded.</summary>
    public bool Forwarded { get; init; }

    /// <summary>Whether its author changed it.</summary>
    public bool Edited { get; init; }

    /// <summary>Whether its author deleted it. Its content stays, unless <see cref="Redacted"/>.</summary>
    public bool Deleted { get; init; }

    /// <summary>Whether its content was removed because it was deleted.</summary>
    public bool Redacted { get; init; }

    /// <summary>Its earlier versions, oldest first.</summary>
    public IReadOnlyList<ChatVersion>? Earlier { get; init; }

    /// <summary>Exports: it was the last one in its export, so it may be truncated.</summary>
    public bool Tail { get; init; }

    /// <summary>export, webhook, echo or history.</summary>
    public string Source { get; init; } = "";

    /// <summary>The original: the export's lines, or Meta's JSON.</summary>
    public JsonElement? Raw { get; init; }

    /// <summary>Distinguishes it from every other line of its chat: a webhook may arrive twice.</summary>
    [JsonIgnore]
    public string Key => Record == ChatRecord.Status ? $"{Record} {Id} {Status} {Time.ToUnixTimeSeconds()} {From?.Id}" : Id;
}
