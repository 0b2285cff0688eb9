using System.Runtime.CompilerServices;
using KlarKonform.Backup.Engine.Reporting;

namespace KlarKonform.Backup.Engine;

/// <content>History and report.</content>
public sealed partial class BackupEngine
{
    /// <inheritdoc />
    public async IAsyncEnumerable<BackupRun> GetRunsAsync(string name, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var configuration = await _configurations.GetAsync(name, cancellationToken).ConfigureAwait(false);
        await foreach (var run in _journal.ReadAsync(configuration.Id, cancellationToken).ConfigureAwait(false))
            yield return run;
    }

    /// <inheritdoc />
    public Task ExportReportAsync(ReportRequest request, CancellationToken cancellationToken) => new ReportWriter(_configurations, _journal, Journal, _time).WriteAsync(request, cancellationToken);
}
