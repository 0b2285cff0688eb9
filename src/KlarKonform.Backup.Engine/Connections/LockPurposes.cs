namespace KlarKonform.Backup.Engine.Connections;

/// <summary>What this product's locks are held for. Stored in lock files that other versions read: these words never change.</summary>
internal static class LockPurposes
{
    /// <summary>Begins the purpose of whoever writes the audit log.</summary>
    public const string Audit = "audit:";

    /// <summary>Of a run: two runs of one configuration exclude each other. A worker's is a part of it.</summary>
    public static string Backup(BackupConfiguration configuration) => $"backup:{configuration.Id}";
}
