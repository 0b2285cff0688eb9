namespace KlarKonform.Backup.DemoTenant.Generation;

/// <summary>What a backup must read because of some changes.</summary>
/// <param name="NewMessages">Mails that are new, or for which only the change key shows that something changed.</param>
/// <param name="NewContents">Files with new bytes: as many downloads.</param>
/// <param name="NewFiles">Files that are new or changed, including empty ones.</param>
public sealed record ChangeSummary(int NewMessages, int NewContents, int NewFiles);
