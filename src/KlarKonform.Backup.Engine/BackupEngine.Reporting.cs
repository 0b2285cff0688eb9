using System.Runtime.CompilerServices;
using KlarKonform.Backup.Engine.Reporting;

namespace KlarKonform.Backup.Engine;

/// <content>History and report.</content>
public sealed partial class BackupEngine
{
    /// <inheritdoc />
    public async IAsyncEnumerable<BackupRun> GetRunsAsync(
        string name,
        IBackupObserver observer,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var configuration = await _configurations.GetAsync(name, cancellationToken);
        await foreach (var run in _journal.ReadAsync(configuration.Id, observer.Warning, cancellationToken))
            yield return Acceptances.Apply(configuration, run);
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<BackupException>> ExportReportAsync(ReportRequest request, CancellationToken cancellationToken) =>
        new ReportWriter(_configurations, _journal, Journal, _time).WriteAsync(request, cancellationToken);
}
