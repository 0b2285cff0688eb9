using System.Runtime.Versioning;
using System.Security.AccessControl;
using System.Security.Principal;

namespace KlarKonform.Backup.Engine.Configuration;

/// <summary>
/// Where configurations, journals and caches are stored: <c>KLARKONFORM_BACKUP_HOME</c>, otherwise the user's application data.
/// </summary>
internal sealed class BackupHome
{
    private readonly string _root;

    /// <summary>The folder that was passed in, or null for the user's own; a scheduled run must use the same one.</summary>
    public string? GivenRoot { get; }

    public BackupHome(string? root)
    {
        GivenRoot = string.IsNullOrWhiteSpace(root) ? null : Path.GetFullPath(root);
        _root = string.IsNullOrWhiteSpace(root)
            ? Path.Combine(
                Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData, Environment.SpecialFolderOption.DoNotVerify),
                "KlarKonform",
                "Backup"
            )
            : Path.GetFullPath(root);
    }

    public string Configurations => Path.Combine(_root, "configurations");

    public string Runs(Guid configuration) => Path.Combine(_root, "runs", configuration.ToString());

    public string Cache(Guid configuration) => Path.Combine(_root, "cache", configuration.ToString());

    /// <summary>The configuration's event log. The configuration's name is a valid file name already.</summary>
    public string Log(string configuration) => Path.Combine(_root, "logs", configuration + ".jsonl");

    /// <summary>
    /// Our files and folders that accounts other than their owner may read or write. On Windows everything inherits the home folder's
    /// access list; inside the user's profile that is closed to others.
    /// </summary>
    public IReadOnlyList<string> ReadableByOthers()
    {
        if (OperatingSystem.IsWindows())
            return IsOpenOnWindows(_root) ? [_root] : [];
        var open = new List<string>();
        foreach (
            var folder in (string[])[Configurations, Path.Combine(_root, "runs"), Path.Combine(_root, "logs"), Path.Combine(_root, "cache")]
        )
        {
            if (Directory.Exists(folder))
                Look(folder, open);
        }

        return open;
    }

    /// <summary>The command that removes those permissions.</summary>
    public string ClosingCommand =>
        OperatingSystem.IsWindows()
            ? $"icacls \"{_root}\" /inheritance:r /grant:r \"{Environment.UserName}:(OI)(CI)F\""
            : $"chmod -R go-rwx '{_root}'";

    [SupportedOSPlatform("windows")]
    private static bool IsOpenOnWindows(string folder)
    {
        SecurityIdentifier[] others =
        [
            new(WellKnownSidType.WorldSid, null),
            new(WellKnownSidType.AuthenticatedUserSid, null),
            new(WellKnownSidType.BuiltinUsersSid, null),
        ];
        try
        {
            return Directory.Exists(folder)
                && new DirectoryInfo(folder)
                    .GetAccessControl()
                    .GetAccessRules(includeExplicit: true, includeInherited: true, typeof(SecurityIdentifier))
                    .OfType<FileSystemAccessRule>()
                    .Any(rule =>
                        rule.AccessControlType == AccessControlType.Allow
                        && others.Contains(rule.IdentityReference)
                        && (rule.FileSystemRights & (FileSystemRights.ReadData | FileSystemRights.WriteData)) != 0
                    );
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or PrivilegeNotHeldException or NotSupportedException)
        {
            return false; // A file system without access lists, or one that does not show them: there is nothing to report.
        }
    }

    // A folder that no one else may enter protects its contents.
    [UnsupportedOSPlatform("windows")]
    private static void Look(string folder, List<string> open)
    {
        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        try
        {
            if ((File.GetUnixFileMode(folder) & (others | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) == 0)
                return;
            open.AddRange(Directory.EnumerateFiles(folder).Where(file => (File.GetUnixFileMode(file) & others) != 0));
            foreach (var inner in Directory.EnumerateDirectories(folder))
                Look(inner, open);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Another run is cleaning up at this moment, or the folder is not ours to read.
        }
    }

    /// <summary>Writes a file for the current user only, completely or not at all.</summary>
    public static async Task WriteAsync(string path, byte[] content, CancellationToken cancellationToken)
    {
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            PrivateFiles.CreateFolder(Path.GetDirectoryName(path)!);
            await using (var stream = PrivateFiles.Open(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                await stream.WriteAsync(content, cancellationToken);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            File.Delete(temporary);
            throw new BackupException(
                ErrorIds.HomeUnwritable,
                BackupErrorCategory.PermissionDenied,
                path,
                Path.GetDirectoryName(path),
                exception.Message
            );
        }
    }
}
