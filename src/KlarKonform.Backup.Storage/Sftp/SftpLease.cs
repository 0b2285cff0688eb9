using Renci.SshNet;

namespace KlarKonform.Backup.Storage.Sftp;

/// <summary>A client on loan; disposing returns it.</summary>
internal sealed class SftpLease(SftpConnectionPool pool, SftpClient client) : IDisposable
{
    private int _returned;

    public SftpClient Client => client;

    /// <summary>Set when the connection cannot be trusted any more.</summary>
    public bool Broken { get; set; }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _returned, 1) == 0)
            pool.Return(client, Broken || !client.IsConnected);
    }
}
