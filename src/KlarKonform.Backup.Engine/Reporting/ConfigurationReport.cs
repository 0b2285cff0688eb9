namespace KlarKonform.Backup.Engine.Reporting;

/// <summary>What a report says of a configuration.</summary>
/// <param name="Configuration">The configuration.</param>
/// <param name="Status">How it stands.</param>
/// <param name="Runs">Its runs of the reported time, the oldest first.</param>
internal sealed record ConfigurationReport(BackupConfiguration Configuration, BackupStatus Status, IReadOnlyList<BackupRun> Runs)
{
    /// <summary>What a link to its section says.</summary>
    public string Anchor => $"c-{Configuration.Id:N}";
}
