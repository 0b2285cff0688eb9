using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using KlarKonform.Backup.Engine.Configuration;

namespace KlarKonform.Backup.Engine.Runs.Journal;

/// <summary>
/// What ran on this machine, a small file a run. It only informs: deleting it loses nothing that a backup needs. Thread-safe.
/// </summary>
internal sealed class RunJournal(BackupHome home, TimeProvider time)
{
    // A file a run, for well over a year of nightly runs.
    private const int MaxRuns = 500;

    // A run on another machine that shares this folder writes every few seconds.
    private static readonly TimeSpan s_silentAfter = TimeSpan.FromMinutes(2);

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true, Converters = { new JsonStringEnumConverter() } };

    public async Task WriteAsync(Guid configuration, BackupRun run, CancellationToken cancellationToken)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{run.Started.UtcDateTime:yyyyMMdd-HHmmss-fff}-{run.RunId:N}.json");
        var folder = home.Runs(configuration);
        await BackupHome.WriteAsync(Path.Combine(folder, name), JsonSerializer.SerializeToUtf8Bytes(run, s_json), cancellationToken).ConfigureAwait(false);
        foreach (var old in Directory.EnumerateFiles(folder, "*.json").OrderDescending(StringComparer.Ordinal).Skip(MaxRuns))
            File.Delete(old);
    }

    /// <summary>The newest run, or null. A run whose process is gone counts as failed.</summary>
    public async Task<BackupRun?> NewestAsync(Guid configuration, CancellationToken cancellationToken)
    {
        await foreach (var run in ReadAsync(configuration, cancellationToken).ConfigureAwait(false))
            return run;
        return null;
    }

    /// <summary>Runs, newest first. A run whose process is gone counts as failed.</summary>
    public async IAsyncEnumerable<BackupRun> ReadAsync(Guid configuration, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var folder = home.Runs(configuration);
        if (!Directory.Exists(folder))
            yield break;
        var isNewest = true;
        foreach (var file in Directory.EnumerateFiles(folder, "*.json").OrderDescending(StringComparer.Ordinal))
        {
            BackupRun? run;
            try
            {
                run = JsonSerializer.Deserialize<BackupRun>(await File.ReadAllBytesAsync(file, cancellationToken).ConfigureAwait(false), s_json);
            }
            catch (Exception exception) when (exception is JsonException or FileNotFoundException)
            {
                continue; // Torn by hand or just removed: history only.
            }

            if (run is null)
                continue;
            yield return run.Status == BackupState.Running && !IsAlive(run, folder, isNewest) ? Interrupted(run) : run;
            isNewest = false;
        }
    }

    // What was being read or waited is as unfinished as the run.
    private static BackupRun Interrupted(BackupRun run) => run with
    {
        Status = BackupState.Failed,
        Error = Texts.Get("RunInterrupted"),
        Ended = run.Updated,
        Current = [],
        Remaining = null,
        Resources = [.. run.Resources.Select(each => each.Status is BackupState.Running or BackupState.Pending ? each with { Status = BackupState.Failed, Code = "Interrupted", Message = Texts.Get("RunInterrupted") } : each)],
    };

    // Of this machine's runs only the newest can live, and only while its process holds the claim.
    private bool IsAlive(BackupRun run, string folder, bool isNewest) => string.Equals(run.HostName, Environment.MachineName, StringComparison.OrdinalIgnoreCase)
        ? isNewest && RunClaim.IsHeld(folder)
        : (time.GetUtcNow() - (run.Updated ?? run.Started)).Duration() < s_silentAfter;
}
