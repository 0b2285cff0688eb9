using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace KlarKonform.Backup.Storage.Folder;

/// <summary>Uses the operating system's own functions. Thread-safe.</summary>
public sealed class DiskSync : IDiskSync
{
    // winbase.h
    private const int ReplaceExisting = 0x1;
    private const int WriteThrough = 0x8;

    private DiskSync() { }

    /// <summary>The only instance.</summary>
    public static IDiskSync System { get; } = new DiskSync();

    /// <inheritdoc />
    public void FlushFile(SafeFileHandle file) => RandomAccess.FlushToDisk(file);

    /// <inheritdoc />
    public void FlushFolder(string folder) => FolderSync.Flush(folder);

    /// <inheritdoc />
    public void Rename(string from, string to)
    {
        if (OperatingSystem.IsWindows())
            RenameThrough(from, to);
        else
            File.Move(from, to, overwrite: true);
    }

    // NTFS writes a rename to its journal and the journal to the disk some time later: this flag waits for it (MoveFileExW,
    // MOVEFILE_WRITE_THROUGH: "does not return until the file is actually moved on the disk"). File.Move cannot set it.
    [SupportedOSPlatform("windows")]
    private static void RenameThrough(string from, string to)
    {
        if (MoveFileEx(Extended(from), Extended(to), ReplaceExisting | WriteThrough))
            return;
        var code = Marshal.GetLastPInvokeError();
        var message = $"'{to}': {Marshal.GetPInvokeErrorMessage(code)}";
        const int AccessDenied = 5;
        const int FromWin32 = unchecked((int)0x80070000);
        throw code == AccessDenied ? new UnauthorizedAccessException(message) : new IOException(message, FromWin32 | code);
    }

    // Paths of more than 260 characters need this form; .NET's own calls add it by themselves.
    private static string Extended(string path) =>
        path.StartsWith(@"\\?\", StringComparison.Ordinal) || path.StartsWith(@"\\.\", StringComparison.Ordinal) ? path
        : path.StartsWith(@"\\", StringComparison.Ordinal) ? string.Concat(@"\\?\UNC\", path.AsSpan(2))
        : @"\\?\" + path;

    [DllImport("kernel32", EntryPoint = "MoveFileExW", CharSet = CharSet.Unicode, ExactSpelling = true, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool MoveFileEx(string from, string to, int flags);
}
