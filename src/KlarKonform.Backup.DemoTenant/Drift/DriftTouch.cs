namespace KlarKonform.Backup.DemoTenant.Drift;

/// <summary>Something that an answer said otherwise than the tenant has it.</summary>
/// <param name="Target">The item's id (a list's row as <c>list/number</c>), or the part's: a folder, a drive, a list, <c>libraries:</c> with a site.</param>
/// <param name="IsPart">Whether a part's listing is concerned, and not an item alone.</param>
/// <param name="How">What was done.</param>
/// <param name="Path">Where.</param>
public sealed record DriftTouch(string Target, bool IsPart, string How, string Path);
