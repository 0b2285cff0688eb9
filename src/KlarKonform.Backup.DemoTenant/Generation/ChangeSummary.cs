namespace KlarKonform.Backup.DemoTenant.Generation;

/// <summary>What a backup has to read after some changes.</summary>
/// <param name="NewMessages">Messages that did not exist before.</param>
/// <param name="NewContents">Files that are new or have a new content.</param>
public sealed record ChangeSummary(int NewMessages, int NewContents);
