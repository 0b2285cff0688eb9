namespace KlarKonform.Backup.WhatsApp.Receiving;

/// <summary>What a receiver has done so far.</summary>
/// <param name="Stored">Webhooks stored and confirmed.</param>
/// <param name="Refused">Requests refused: missing or wrong signature, too large, not HTTP, wrong path.</param>
/// <param name="Failed">Webhooks that could not be stored; Meta sends them again.</param>
public sealed record ReceiverCounts(long Stored, long Refused, long Failed);
