using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using KlarKonform.Backup.Engine.Configuration;
using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Engine.Journal;

/// <summary>
/// What ran on this machine, one small file per run. It is only informative: deleting it loses nothing that a backup needs. Thread-safe.
/// </summary>
internal sealed class RunJournal(BackupHome home, TimeProvider time)
{
    /// <summary>The code of a resource that a killed run had not finished.</summary>
    public const string Interrupted = "Interrupted";

    // One file per run, for well over a year of nightly runs.
    private const int MaxRuns = 500;

    // A larger file is not a run: even one with a million failures has half as many bytes.
    private const long MaxBytes = 512L << 20;

    // A run on another machine that shares this folder writes every few seconds.
    private static readonly TimeSpan s_silentAfter = TimeSpan.FromMinutes(2);

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter() },
    };

    public async Task WriteAsync(Guid configuration, BackupRun run, CancellationToken cancellationToken)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{run.Started.UtcDateTime:yyyyMMdd-HHmmss-fff}-{run.RunId:N}.json");
        var folder = home.Runs(configuration);
        await BackupHome.WriteAsync(Path.Combine(folder, name), JsonSerializer.SerializeToUtf8Bytes(run, s_json), cancellationToken);
        foreach (var old in Directory.EnumerateFiles(folder, "*.json").OrderDescending(StringComparer.Ordinal).Skip(MaxRuns))
            File.Delete(old);
    }

    /// <summary>The newest run that can be read, or null. A run whose process is gone counts as failed.</summary>
    public async Task<BackupRun?> NewestAsync(Guid configuration, CancellationToken cancellationToken)
    {
        await foreach (var run in ReadAsync(configuration, cancellationToken))
            return run;
        return null;
    }

    /// <summary>The snapshot that a run on this machine wrote last; null if there is none.</summary>
    public async Task<BlobId?> NewestSnapshotAsync(Guid configuration, CancellationToken cancellationToken)
    {
        await foreach (var run in ReadAsync(configuration, cancellationToken))
        {
            if (BlobId.TryParse(run.SnapshotId, out var id))
                return id;
        }

        return null;
    }

    /// <summary>Runs, newest first. A run whose process is gone counts as failed; unreadable files are skipped.</summary>
    public IAsyncEnumerable<BackupRun> ReadAsync(Guid configuration, CancellationToken cancellationToken) =>
        ReadAsync(configuration, _ => { }, cancellationToken);

    /// <summary>Runs, newest first. A run whose process is gone counts as failed.</summary>
    /// <param name="configuration">The configuration's id.</param>
    /// <param name="passedOver">Is told of unreadable files, in the user's language; the rest is still read.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public async IAsyncEnumerable<BackupRun> ReadAsync(
        Guid configuration,
        Action<string> passedOver,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var folder = home.Runs(configuration);
        var isNewest = true;
        foreach (var file in Files(folder, passedOver))
        {
            BackupRun? run;
            try
            {
                run = await ReadFileAsync(file, cancellationToken);
            }
            catch (FileNotFoundException)
            {
                continue; // Just removed: it was too old.
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // Torn, edited by hand, or of another version: it is only history, and only one file of it.
                passedOver(
                    Texts.Get(
                        "JournalUnreadable",
                        file,
                        exception is JsonException or IOException or UnauthorizedAccessException
                            ? exception.Message
                            : exception.GetType().Name
                    )
                );
                continue;
            }

            yield return run.Status == BackupState.Running && !IsAlive(run, folder, isNewest) ? Ended(run) : run;
            isNewest = false;
        }
    }

    private static IEnumerable<string> Files(string folder, Action<string> passedOver)
    {
        try
        {
            return Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder, "*.json").OrderDescending(StringComparer.Ordinal)] : [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            passedOver(Texts.Get("JournalUnreadable", folder, exception.Message));
            return [];
        }
    }

    private static async Task<BackupRun> ReadFileAsync(string file, CancellationToken cancellationToken)
    {
        if (new FileInfo(file).Length > MaxBytes)
            throw new JsonException(Texts.Get("JournalTooLarge", HumanText.Size(new FileInfo(file).Length)));
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var run = await JsonSerializer.DeserializeAsync<BackupRun>(stream, s_json, cancellationToken) ?? throw new JsonException("null");
        return SoundRun.Of(run);
    }

    // Whatever was being read or waiting is as unfinished as the run.
    private static BackupRun Ended(BackupRun run) =>
        run with
        {
            Status = BackupState.Failed,
            Error = Texts.Get("RunInterrupted"),
            Ended = run.Updated,
            Current = [],
            Remaining = null,
            Resources =
            [
                .. run.Resources.Select(each =>
                    each.Status is BackupState.Running or BackupState.Pending
                        ? each with
                        {
                            Status = BackupState.Failed,
                            Code = Interrupted,
                            Message = Texts.Get("RunInterrupted"),
                        }
                        : each
                ),
            ],
        };

    // Of this machine's runs only the newest can be alive, and only while its process holds the claim.
    private bool IsAlive(BackupRun run, string folder, bool isNewest) =>
        string.Equals(run.HostName, Environment.MachineName, StringComparison.OrdinalIgnoreCase)
            ? isNewest && RunClaim.IsHeld(folder)
            : (time.GetUtcNow() - (run.Updated ?? run.Started)).Duration() < s_silentAfter;
}
