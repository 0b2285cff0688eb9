namespace KlarKonform.Backup.WhatsApp.Webhooks;

/// <summary>A telephone number of the business, as Meta names it.</summary>
/// <param name="Id">Meta's phone_number_id; for what names no number, the account's id.</param>
/// <param name="Display">The number as people know it; empty when it was not named.</param>
public sealed record BusinessNumber(string Id, string Display);
