using System.Net.Sockets;
using Renci.SshNet.Common;

namespace KlarKonform.Backup.Storage.Sftp;

/// <summary>What SSH.NET's exceptions mean for a store.</summary>
internal static class SftpErrors
{
    public static StorageException Translate(Exception exception, string location, string? key)
    {
        if (exception is StorageException already)
            return already;
        var kind = exception switch
        {
            SftpPathNotFoundException => StorageErrorKind.NotFound,
            SftpPermissionDeniedException => StorageErrorKind.AccessDenied,
            SshAuthenticationException => StorageErrorKind.AuthenticationFailed,
            SshConnectionException
            or SshOperationTimeoutException
            or SocketException
            or IOException
            or ObjectDisposedException
            or OperationCanceledException
            or InvalidOperationException
            or TimeoutException => StorageErrorKind.Unreachable,
            // OpenSSH reports ENOSPC and EDQUOT only as SSH_FX_FAILURE; the text is the server's.
            SshException
                when exception.Message.Contains("space", StringComparison.OrdinalIgnoreCase)
                    || exception.Message.Contains("quota", StringComparison.OrdinalIgnoreCase) => StorageErrorKind.Full,
            _ => StorageErrorKind.Other,
        };
        return new StorageException(kind, location, key, exception.Message, exception);
    }

    /// <summary>Whether the connection itself failed, so that it must not be lent again.</summary>
    public static bool BreaksConnection(Exception exception) =>
        exception is not (SftpPathNotFoundException or SftpPermissionDeniedException);
}
