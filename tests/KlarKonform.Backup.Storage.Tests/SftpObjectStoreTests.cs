using KlarKonform.Backup.Storage.Sftp;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Storage.Tests;

/// <summary>Against a real OpenSSH server.</summary>
public sealed class SftpObjectStoreTests : ObjectStoreConformance
{
    private readonly string _path = $"{Environment.GetEnvironmentVariable("KK_TEST_SFTP_PATH")}/store-{Guid.NewGuid():N}";

    protected override IObjectStore Open() => new SftpObjectStore(Options());

    [Fact]
    public async Task A_private_key_with_a_passphrase_signs_in()
    {
        await using var store = new SftpObjectStore(Options() with
        {
            Password = null,
            PrivateKey = await File.ReadAllTextAsync(TestServers.Value("SFTP_KEY")),
            PrivateKeyPassphrase = TestServers.Value("SFTP_KEY_PASSPHRASE"),
        });
        await store.PrepareAsync(create: true, default);
        await store.SaveAsync("keys/k", Noise(9), default);
        Assert.Equal(Noise(9), await ReadAsync(store, "keys/k", 0, null));
    }

    [Fact]
    public async Task Another_host_key_than_the_pinned_one_is_refused_and_named()
    {
        await using var store = new SftpObjectStore(Options() with { HostKeyFingerprint = "SHA256:" + new string('A', 43) });
        var failure = await Assert.ThrowsAsync<StorageException>(() => store.PrepareAsync(create: true, default));
        Assert.Equal(StorageErrorKind.HostKeyMismatch, failure.Kind);
        Assert.Equal(TestServers.Value("SFTP_HOSTKEY"), failure.Detail);
    }

    [Fact]
    public async Task A_wrong_password_is_refused()
    {
        await using var store = new SftpObjectStore(Options() with { Password = "wrong" });
        var failure = await Assert.ThrowsAsync<StorageException>(() => store.PrepareAsync(create: true, default));
        Assert.Equal(StorageErrorKind.AuthenticationFailed, failure.Kind);
        Assert.DoesNotContain("wrong", failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unreadable_private_key_is_a_mistake_in_the_settings()
    {
        await using var store = new SftpObjectStore(Options() with { PrivateKey = "no key at all" });
        var failure = await Assert.ThrowsAsync<StorageException>(() => store.PrepareAsync(create: true, default));
        Assert.Equal(StorageErrorKind.InvalidSettings, failure.Kind);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_unreachable()
    {
        await using var store = new SftpObjectStore(Options() with { Port = 1 });
        var failure = await Assert.ThrowsAsync<StorageException>(() => store.PrepareAsync(create: true, default));
        Assert.Equal(StorageErrorKind.Unreachable, failure.Kind);
        Assert.True(failure.IsTransient);
    }

    private SftpStoreOptions Options()
    {
        if (TestServers.Missing("KK_TEST_SFTP_PORT") is { } reason)
            Assert.Skip(reason);
        return new SftpStoreOptions
        {
            Host = "127.0.0.1",
            Port = int.Parse(TestServers.Value("SFTP_PORT"), System.Globalization.CultureInfo.InvariantCulture),
            UserName = TestServers.Value("SFTP_USER"),
            Password = TestServers.Value("SFTP_PASSWORD"),
            Path = _path,
            HostKeyFingerprint = TestServers.Value("SFTP_HOSTKEY"),
        };
    }
}
