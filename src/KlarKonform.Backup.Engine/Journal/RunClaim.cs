using KlarKonform.Backup.Engine.Configuration;

namespace KlarKonform.Backup.Engine.Journal;

/// <summary>
/// The right to run a configuration on this machine: a file that stays locked as long as the process lives. The system frees it when the
/// process dies, for whatever reason, so that a dead run is never taken for a living one. Disposing releases it. Thread-safe.
/// </summary>
internal sealed class RunClaim : IDisposable
{
    private const string LockFile = "running.lock";
    private const string StopPrefix = "stop-";

    // A process that only checks whether it is locked holds it for a moment.
    private const int Attempts = 5;
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(200);

    private readonly FileStream _file;
    private readonly string _folder;

    private RunClaim(FileStream file, string folder)
    {
        _file = file;
        _folder = folder;
    }

    /// <summary>Takes the claim, or returns null if another process has it.</summary>
    /// <param name="folder">The configuration's journal.</param>
    /// <param name="time">Pauses.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="BackupException">HomeUnwritable.</exception>
    public static async Task<RunClaim?> TakeAsync(string folder, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            PrivateFiles.CreateFolder(folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BackupException(ErrorIds.HomeUnwritable, BackupErrorCategory.PermissionDenied, folder, folder, exception.Message);
        }

        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var claim = new RunClaim(
                    PrivateFiles.Open(Path.Combine(folder, LockFile), FileMode.OpenOrCreate, FileAccess.ReadWrite),
                    folder
                );
                claim.Mark();
                foreach (var left in Directory.EnumerateFiles(folder, StopPrefix + "*"))
                    File.Delete(left); // A request to a run that is over.
                return claim;
            }
            catch (UnauthorizedAccessException exception)
            {
                throw new BackupException(ErrorIds.HomeUnwritable, BackupErrorCategory.PermissionDenied, folder, folder, exception.Message);
            }
            catch (IOException) when (attempt < Attempts)
            {
                await Task.Delay(s_pause, time, cancellationToken);
            }
            catch (IOException) when (IsHeld(folder))
            {
                return null;
            }
            catch (IOException exception)
            {
                throw new BackupException(ErrorIds.HomeUnwritable, BackupErrorCategory.PermissionDenied, folder, folder, exception.Message);
            }
        }
    }

    /// <summary>Whether a living process holds the claim.</summary>
    public static bool IsHeld(string folder)
    {
        var path = Path.Combine(folder, LockFile);
        if (!File.Exists(path))
            return false;
        try
        {
            new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite).Dispose();
            return false;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    /// <summary>
    /// Since when the claim is held, by the file's time: for when the journal does not say it. Null if it was never held.
    /// </summary>
    public static DateTimeOffset? Since(string folder)
    {
        var file = new FileInfo(Path.Combine(folder, LockFile));
        return file.Exists ? file.LastWriteTimeUtc : null;
    }

    /// <summary>Asks a run to stop.</summary>
    public static Task RequestStopAsync(string folder, Guid run, CancellationToken cancellationToken) =>
        BackupHome.WriteAsync(StopPath(folder, run), [], cancellationToken);

    /// <summary>Whether another process asked this run to stop.</summary>
    public bool IsStopRequested(Guid run) => File.Exists(StopPath(_folder, run));

    // The file's time, on the file system's clock, says since when; some file systems refuse to set one, and then only the journal says it.
    private void Mark()
    {
        try
        {
            File.SetLastWriteTimeUtc(_file.SafeFileHandle, TimeProvider.System.GetUtcNow().UtcDateTime);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The claim is valid nevertheless.
        }
    }

    public void Dispose()
    {
        _file.Dispose();
    }

    private static string StopPath(string folder, Guid run) => Path.Combine(folder, $"{StopPrefix}{run:N}");
}
