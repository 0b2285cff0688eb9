using System.Text;
using KlarKonform.Backup.Engine.Configuration;
using KlarKonform.Backup.Engine.Runs.Journal;
using KlarKonform.Backup.Engine.Status;

namespace KlarKonform.Backup.Engine.Reporting;

/// <summary>Writes the report: what this computer's journal knows of its configurations, as one HTML file. No secret and no repository is needed for it.</summary>
internal sealed class ReportWriter(ConfigurationStore configurations, RunJournal journal, JournalStatus status, TimeProvider time)
{
    /// <summary>Writes the file.</summary>
    /// <exception cref="BackupException">ConfigurationNotFound, FileExists, or the file cannot be written.</exception>
    public async Task WriteAsync(ReportRequest request, CancellationToken cancellationToken)
    {
        if (File.Exists(request.Path) && !request.Overwrite)
            throw new BackupException("FileExists", BackupErrorCategory.ResourceExists, request.Path, request.Path);
        var now = time.GetUtcNow();
        var found = new SortedDictionary<string, BackupConfiguration>(StringComparer.OrdinalIgnoreCase);
        foreach (var pattern in request.Names)
        {
            var matching = await configurations.FindAsync(pattern, cancellationToken).ConfigureAwait(false);
            if (matching.Count == 0 && pattern.IndexOfAny(['*', '?', '[']) < 0)
                throw new BackupException("ConfigurationNotFound", BackupErrorCategory.ObjectNotFound, pattern, pattern);
            foreach (var configuration in matching)
                found[configuration.Name] = configuration;
        }

        var reports = new List<ConfigurationReport>();
        foreach (var configuration in found.Values)
        {
            var runs = new List<BackupRun>();
            await foreach (var run in journal.ReadAsync(configuration.Id, cancellationToken).ConfigureAwait(false))
            {
                if (run.Started < now.AddDays(-request.Days))
                    break;
                runs.Add(run);
            }

            runs.Reverse();
            reports.Add(new ConfigurationReport(configuration, await status.ReadAsync(configuration, cancellationToken).ConfigureAwait(false), runs));
        }

        var page = new ReportPage(reports, request, now).Write();
        await BackupHome.WriteAsync(request.Path, Encoding.UTF8.GetBytes(page), cancellationToken).ConfigureAwait(false);
    }
}
