using System.Text;
using KlarKonform.Backup.Engine.Configuration;
using KlarKonform.Backup.Engine.Journal;

namespace KlarKonform.Backup.Engine.Reporting;

/// <summary>
/// Writes the report: what this computer's journal knows of its configurations, as one HTML file. It needs neither a secret nor a
/// repository.
/// </summary>
internal sealed class ReportWriter(ConfigurationStore configurations, RunJournal journal, JournalStatus status, TimeProvider time)
{
    /// <summary>Writes the file. Whatever cannot be read is named in it.</summary>
    /// <returns>An error for each configuration that could not be read.</returns>
    /// <exception cref="BackupException">ConfigurationNotFound, FileExists, or the file cannot be written.</exception>
    public async Task<IReadOnlyList<BackupException>> WriteAsync(ReportRequest request, CancellationToken cancellationToken)
    {
        if (File.Exists(request.Path) && !request.Overwrite)
            throw new BackupException(ErrorIds.FileExists, BackupErrorCategory.ResourceExists, request.Path, request.Path);
        var now = time.GetUtcNow();
        var found = new SortedDictionary<string, BackupConfiguration>(StringComparer.OrdinalIgnoreCase);
        var problems = new SortedDictionary<string, BackupException>(StringComparer.OrdinalIgnoreCase);
        foreach (var pattern in request.Names)
        {
            var matching = await configurations.FindAsync(pattern, cancellationToken);
            if (matching.Configurations.Count + matching.Problems.Count == 0 && pattern.IndexOfAny(['*', '?', '[']) < 0)
                throw new BackupException(ErrorIds.ConfigurationNotFound, BackupErrorCategory.ObjectNotFound, pattern, pattern);
            foreach (var configuration in matching.Configurations)
                found[configuration.Name] = configuration;
            foreach (var problem in matching.Problems)
                problems[problem.Message] = problem;
        }

        var reports = new List<ConfigurationReport>();
        foreach (var configuration in found.Values)
        {
            var runs = new List<BackupRun>();
            await foreach (var run in journal.ReadAsync(configuration.Id, cancellationToken))
            {
                // One run with an implausible date does not end the history.
                if (run.Started >= now.AddDays(-request.Days))
                    runs.Add(run);
            }

            runs.Reverse();
            reports.Add(new ConfigurationReport(configuration, await status.ReadAsync(configuration, cancellationToken), runs));
        }

        var page = new ReportPage(reports, [.. problems.Values.Select(problem => problem.Message)], request, now).Write();
        await BackupHome.WriteAsync(request.Path, Encoding.UTF8.GetBytes(page), cancellationToken);
        return [.. problems.Values];
    }
}
