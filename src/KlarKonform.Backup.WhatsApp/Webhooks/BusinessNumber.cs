namespace KlarKonform.Backup.WhatsApp.Webhooks;

/// <summary>A telephone number of the business, as Meta names it.</summary>
/// <param name="Id">Meta's phone_number_id; if no number is named, the account's id.</param>
/// <param name="Display">The number as people write it; empty if it was not named.</param>
public sealed record BusinessNumber(string Id, string Display);
