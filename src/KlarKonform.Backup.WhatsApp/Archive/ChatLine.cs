using System.Text.Json;
using System.Text.Json.Serialization;

namespace KlarKonform.Backup.WhatsApp.Archive;

/// <summary>A line of an archived chat's JSON-lines file: a message, or something that happened to one.</summary>
public sealed record ChatLine
{
    /// <summary>Meta's message id (<c>wamid.…</c>), or <c>x:…</c> for what comes from an export, which has no ids.</summary>
    public required string Id { get; init; }

    /// <summary>What the line is.</summary>
    public ChatRecord Record { get; init; }

    /// <summary>When it was sent or happened; UTC. In exports by the configured time zone.</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary>Exports: the phone's wall clock as the export shows it, without seconds where it has none.</summary>
    public string? LocalTime { get; init; }

    /// <summary>Who wrote it; null for WhatsApp itself.</summary>
    public ChatParty? From { get; init; }

    /// <summary>Whether the business wrote it.</summary>
    public bool Outgoing { get; init; }

    /// <summary>Meta's type (text, image, location, …), or that of the export's line.</summary>
    public string Type { get; init; } = "";

    /// <summary>What people read: the text, the caption, a place's name, a button's title.</summary>
    public string? Text { get; init; }

    /// <summary>The file.</summary>
    public ChatMedia? Media { get; init; }

    /// <summary>Status, reaction, edit, revocation: the message that it is about. Messages: the one that it answers.</summary>
    public string? Target { get; init; }

    /// <summary>Status: sent, delivered, read, played or failed.</summary>
    public string? Status { get; init; }

    /// <summary>Whether it was forwarded.</summary>
    public bool Forwarded { get; init; }

    /// <summary>Whether its author changed it.</summary>
    public bool Edited { get; init; }

    /// <summary>Whether its author deleted it. What it said stays, unless <see cref="Redacted"/>.</summary>
    public bool Deleted { get; init; }

    /// <summary>Whether its content was taken out because it was deleted.</summary>
    public bool Redacted { get; init; }

    /// <summary>What it said before, the oldest first.</summary>
    public IReadOnlyList<ChatVersion>? Earlier { get; init; }

    /// <summary>Exports: it was the last one of its export, so it may have been cut.</summary>
    public bool Tail { get; init; }

    /// <summary>export, webhook, echo or history.</summary>
    public string Source { get; init; } = "";

    /// <summary>As it came: the export's lines, or Meta's JSON.</summary>
    public JsonElement? Raw { get; init; }

    /// <summary>What tells it from every other line of its chat: a webhook may come twice.</summary>
    [JsonIgnore]
    public string Key => Record == ChatRecord.Status ? $"{Record} {Id} {Status} {Time.ToUnixTimeSeconds()} {From?.Id}" : Id;
}
