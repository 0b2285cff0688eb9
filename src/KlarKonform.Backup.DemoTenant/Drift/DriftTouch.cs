namespace KlarKonform.Backup.DemoTenant.Drift;

/// <summary>Something in an answer that differs from the tenant.</summary>
/// <param name="Target">The item's id (a list's row as <c>list/number</c>), or the part's: a folder, a drive, a list, <c>libraries:</c>
/// with a site.</param>
/// <param name="IsPart">Whether it concerns a part's listing, and not just an item.</param>
/// <param name="How">What was done.</param>
/// <param name="Path">The path of the answer.</param>
public sealed record DriftTouch(string Target, bool IsPart, string How, string Path);
