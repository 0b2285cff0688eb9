using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using KlarKonform.Backup.Engine.Configuration;

namespace KlarKonform.Backup.Engine.Runs;

/// <summary>
/// What ran on this machine, a small file a run. It only informs: deleting it loses nothing that a backup needs. Thread-safe.
/// </summary>
internal sealed class RunJournal(BackupHome home)
{
    // A file a run, for well over a year of nightly runs.
    private const int MaxRuns = 500;

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true, Converters = { new JsonStringEnumConverter() } };

    public async Task WriteAsync(Guid configuration, BackupRun run, CancellationToken cancellationToken)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{run.Started.UtcDateTime:yyyyMMdd-HHmmss-fff}-{run.RunId:N}.json");
        var folder = home.Runs(configuration);
        await BackupHome.WriteAsync(Path.Combine(folder, name), JsonSerializer.SerializeToUtf8Bytes(run, s_json), cancellationToken).ConfigureAwait(false);
        foreach (var old in Directory.EnumerateFiles(folder, "*.json").OrderDescending(StringComparer.Ordinal).Skip(MaxRuns))
            File.Delete(old);
    }

    /// <summary>Runs, newest first. A run whose process is gone counts as failed.</summary>
    public async IAsyncEnumerable<BackupRun> ReadAsync(Guid configuration, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var folder = home.Runs(configuration);
        if (!Directory.Exists(folder))
            yield break;
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
            yield return run.Status == BackupState.Running && !IsAlive(run) ? run with { Status = BackupState.Failed, Error = Texts.Get("RunInterrupted") } : run;
        }
    }

    private static bool IsAlive(BackupRun run)
    {
        try
        {
            using var process = Process.GetProcessById(run.ProcessId);

            // The number may have been given to another process since.
            return process.StartTime.ToUniversalTime() <= run.Started.UtcDateTime.AddSeconds(1);
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
