namespace KlarKonform.Backup.Engine.Reporting;

/// <summary>What a report says about one configuration.</summary>
/// <param name="Configuration">The configuration.</param>
/// <param name="Status">Its current status.</param>
/// <param name="Runs">Its runs in the reported period, oldest first.</param>
internal sealed record ConfigurationReport(BackupConfiguration Configuration, BackupStatus Status, IReadOnlyList<BackupRun> Runs)
{
    /// <summary>The anchor of its section in the page.</summary>
    public string Anchor => $"c-{Configuration.Id:N}";
}
