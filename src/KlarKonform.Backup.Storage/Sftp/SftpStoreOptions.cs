namespace KlarKonform.Backup.Storage.Sftp;

/// <summary>How to reach a folder on an SFTP server.</summary>
public sealed record SftpStoreOptions
{
    /// <summary>Host name or address.</summary>
    public required string Host { get; init; }

    /// <summary>TCP port; 22 is assigned to SSH (RFC 4253, section 4).</summary>
    public int Port { get; init; } = 22;

    /// <summary>The account at the server.</summary>
    public required string UserName { get; init; }

    /// <summary>The folder; relative paths start at the account's home.</summary>
    public required string Path { get; init; }

    /// <summary>The account's password, or null when a key is used.</summary>
    public string? Password { get; init; }

    /// <summary>A private key (OpenSSH, PEM or PuTTY text), or null.</summary>
    public string? PrivateKey { get; init; }

    /// <summary>The key's passphrase, or null.</summary>
    public string? PrivateKeyPassphrase { get; init; }

    /// <summary>The only host key to accept, as OpenSSH prints it: <c>SHA256:</c> and base64 without padding.</summary>
    public required string HostKeyFingerprint { get; init; }

    /// <summary>Maximum number of open connections. OpenSSH admits ten unauthenticated ones at a time (MaxStartups).</summary>
    public int MaxConnections { get; init; } = 4;

    /// <summary>How long connecting and a single response may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a call may go without any progress before its connection is abandoned. The library's own limit (<see cref="Timeout"/>) does
    /// not apply to a thread that waits for the network to accept its bytes.
    /// </summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The clock of <see cref="Silence"/>.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
