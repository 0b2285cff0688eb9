namespace KlarKonform.Backup.Storage.Folder;

/// <summary>What .NET's exceptions about files mean for a store.</summary>
internal static class FolderErrors
{
    // ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL on Windows, errno ENOSPC and EDQUOT elsewhere.
    private static readonly int[] s_full = OperatingSystem.IsWindows() ? [0x70, 0x27] : [28, 122];

    // A network share that went away: ERROR_BAD_NETPATH, ERROR_UNEXP_NET_ERR, ERROR_NETNAME_DELETED, ERROR_BAD_NET_NAME, ERROR_SEM_TIMEOUT
    // and ERROR_NETWORK_UNREACHABLE on Windows; ENETDOWN, ENETUNREACH, ECONNRESET, ENOTCONN, ETIMEDOUT, EHOSTDOWN, EHOSTUNREACH and ESTALE
    // on Linux.
    private static readonly int[] s_network = OperatingSystem.IsWindows()
        ? [53, 59, 64, 67, 121, 1231]
        : [100, 101, 104, 107, 110, 112, 113, 116];

    /// <summary>Whether it is a failure of the file system.</summary>
    public static bool IsOne(Exception exception) => exception is IOException or UnauthorizedAccessException;

    public static StorageException Translate(Exception exception, string location, string? key)
    {
        var code = exception.HResult & 0xFFFF;
        var kind = exception switch
        {
            FileNotFoundException or DirectoryNotFoundException => StorageErrorKind.NotFound,
            UnauthorizedAccessException => StorageErrorKind.AccessDenied,
            _ when s_full.Contains(code) => StorageErrorKind.Full,
            _ when s_network.Contains(code) => StorageErrorKind.Unreachable,
            _ => StorageErrorKind.Other,
        };
        return new StorageException(kind, location, key, exception.Message, exception);
    }
}
