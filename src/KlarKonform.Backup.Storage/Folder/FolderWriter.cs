using System.Collections.Concurrent;

namespace KlarKonform.Backup.Storage.Folder;

/// <summary>
/// Writes files that appear completely or not at all, and the folders for them, each of which is on the disk before anything is put into
/// it. Thread-safe.
/// </summary>
/// <param name="disk">How it waits for the disk; null if it does not wait, for caches.</param>
internal sealed class FolderWriter(IDiskSync? disk)
{
    private const UnixFileMode OwnerFolder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly ConcurrentDictionary<string, bool> _folders = new(StringComparer.Ordinal);
    private readonly object _creating = new();

    // Created, but not confirmed to be on the disk: the next caller checks again.
    private readonly HashSet<string> _doubtful = new(StringComparer.Ordinal);

    /// <summary>Writes a file, replacing an existing one of the same name.</summary>
    /// <param name="path">The file's path.</param>
    /// <param name="content">Its bytes.</param>
    /// <param name="inSight">Called before a folder is created: throws if the place itself is out of sight.</param>
    /// <param name="cancellationToken">Checked between two pieces.</param>
    /// <exception cref="IOException">The file does not exist, or is not on the disk.</exception>
    public void Write(string path, ReadOnlyMemory<byte> content, Action inSight, CancellationToken cancellationToken)
    {
        var folder = Path.GetDirectoryName(path)!;
        EnsureFolder(folder, inSight);
        try
        {
            WriteWhole(path, content, cancellationToken);
        }
        catch (DirectoryNotFoundException)
        {
            // The folder was removed, or the share went away, since it was last used.
            _folders.TryRemove(folder, out _);
            EnsureFolder(folder, inSight);
            WriteWhole(path, content, cancellationToken);
        }

        disk?.FlushFolder(folder);
    }

    /// <summary>
    /// Creates a folder and those above it. Each created level is an entry in its parent folder, which must be on the disk as well.
    /// </summary>
    /// <exception cref="IOException">It does not exist, or is not on the disk.</exception>
    public void CreateFolder(string folder)
    {
        lock (_creating)
        {
            var missing = new Stack<string>();
            for (var level = folder; level is not null && !IsThere(level); level = Path.GetDirectoryName(level))
                missing.Push(level);
            if (missing.Count == 0)
                missing.Push(folder); // It is not a folder: let the system report it.
            while (missing.TryPop(out var level))
            {
                if (OperatingSystem.IsWindows())
                    Directory.CreateDirectory(level);
                else
                    Directory.CreateDirectory(level, OwnerFolder);
                _doubtful.Add(level);
                if (Path.GetDirectoryName(level) is { } parent)
                    disk?.FlushFolder(parent);
                _doubtful.Remove(level);
            }
        }
    }

    private void EnsureFolder(string folder, Action inSight)
    {
        if (_folders.ContainsKey(folder))
            return;
        lock (_creating) // A second caller must not continue before the first one's folder is on the disk.
        {
            if (!IsThere(folder))
            {
                inSight();
                CreateFolder(folder);
            }

            _folders[folder] = true;
        }
    }

    private bool IsThere(string folder) => LocalEntries.AttributesOf(folder) is not null && !_doubtful.Contains(folder);

    private void WriteWhole(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var temporary = ObjectKeys.Temporary(path);
        try
        {
            var options = new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                Share = FileShare.None,
                BufferSize = 0,
            };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = OwnerFile;
            using (var stream = new FileStream(temporary, options))
            {
                DiskWrites.Write(stream.SafeFileHandle, content.Span, 0, cancellationToken);
                disk?.FlushFile(stream.SafeFileHandle);
            }

            if (disk is not null)
                disk.Rename(temporary, path);
            else
                File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            TryDelete(temporary);
            throw;
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (FolderErrors.IsOne(exception))
        {
            // The failure that led here is the one to report; a leftover temporary file is ignored by every reader.
        }
    }
}
