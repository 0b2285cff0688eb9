using KlarKonform.Backup.Storage.Sftp;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Storage.Tests;

/// <summary>Against a real OpenSSH server.</summary>
[Collection(nameof(SftpSessions))]
public sealed class SftpObjectStoreTests : ObjectStoreConformance
{
    private readonly string _path = $"{Environment.GetEnvironmentVariable("KK_TEST_SFTP_PATH")}/store-{Guid.NewGuid():N}";

    protected override IObjectStore Open() => new SftpObjectStore(Options());

    [Fact]
    public async Task A_private_key_with_a_passphrase_signs_in()
    {
        await using var store = new SftpObjectStore(
            Options() with
            {
                Password = null,
                PrivateKey = await File.ReadAllTextAsync(TestServers.Value("SFTP_KEY")),
                PrivateKeyPassphrase = TestServers.Value("SFTP_KEY_PASSPHRASE"),
            }
        );
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

    [Fact]
    public async Task The_host_key_can_be_asked_for_before_anything_is_trusted()
    {
        var options = Options();
        Assert.Equal(options.HostKeyFingerprint, await SftpHostKey.ReadAsync(options.Host, options.Port, options.Timeout, default));
        var failure = await Assert.ThrowsAsync<StorageException>(() => SftpHostKey.ReadAsync(options.Host, 1, options.Timeout, default));
        Assert.Equal(StorageErrorKind.Unreachable, failure.Kind);
    }

    [Fact]
    public async Task Sessions_killed_in_the_middle_of_uploads_and_downloads_cost_time_and_nothing_else()
    {
        var options = Options();
        await using var store = new RetryingObjectStore(new SftpObjectStore(options), new ImmediateTime(), new Random(1), attempts: 30);
        await store.PrepareAsync(create: true, default);
        var contents = Enumerable.Range(0, 12).Select(number => Noise(4_000_000, number)).ToArray();
        using var done = new CancellationTokenSource();
        var kills = 0;
        var killer = Task.Run(async () =>
        {
            for (; kills < 15 && !done.IsCancellationRequested; kills++)
            {
                await Task.Delay(60);
                using var kill = System.Diagnostics.Process.Start("pkill", ["-KILL", "-u", options.UserName]);
                await kill.WaitForExitAsync();
            }
        });
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = 4 };
        await Parallel.ForEachAsync(
            Enumerable.Range(0, contents.Length),
            parallel,
            async (number, token) => await store.SaveAsync($"data/{number:x2}/{number}", contents[number], token)
        );
        await Parallel.ForEachAsync(
            Enumerable.Range(0, contents.Length),
            parallel,
            async (number, token) => Assert.Equal(contents[number], await ReadAsync(store, $"data/{number:x2}/{number}", 0, null))
        );
        await done.CancelAsync();
        await killer;
        Assert.True(kills > 0);
        var listed = 0;
        await foreach (var item in store.ListAsync("data", default))
            listed += item.Size == 4_000_000 ? 1 : 0;
        Assert.Equal(contents.Length, listed);
    }

    [Fact]
    public async Task Uploads_on_a_line_that_fell_silent_end_and_go_up_on_another_one()
    {
        var options = Options();
        using var gate = new TcpGate(options.Port);
        await using var store = Retrying(Impatient(options, gate));
        await store.PrepareAsync(create: true, default);
        await store.SaveAsync("data/aa/first", Noise(10), default);
        gate.FallSilent();
        var content = Noise(16_000_000); // More than any buffer on the way takes.
        var saving = store.SaveAsync("data/aa/aa", content, default);
        await UntilAsync(() => gate.Connections >= 2);
        gate.Restore();
        await saving.WaitAsync(s_deadline);
        Assert.Equal(content, await ReadAsync(store, "data/aa/aa", 0, null));
    }

    [Fact]
    public async Task Reads_on_a_line_that_falls_silent_go_on_where_they_stopped()
    {
        var options = Options();
        using var gate = new TcpGate(options.Port);
        await using var store = Retrying(Impatient(options, gate));
        await store.PrepareAsync(create: true, default);
        var content = Noise(4_000_000);
        await using (var direct = new SftpObjectStore(options))
            await direct.SaveAsync("data/aa/aa", content, default);
        gate.SilentAfter = 1_500_000;
        await using var silent = Retrying(Impatient(options, gate));
        Assert.Equal(content, await ReadAsync(silent, "data/aa/aa", 0, null).WaitAsync(s_deadline));
        Assert.InRange(gate.Connections, 4, 6);
    }

    [Fact]
    public async Task A_server_that_accepts_and_says_nothing_is_unreachable()
    {
        var options = Options();
        using var gate = new TcpGate(options.Port);
        gate.FallSilent();
        await using var store = new SftpObjectStore(Impatient(options, gate));
        var failure = await Assert.ThrowsAsync<StorageException>(() => store.PrepareAsync(create: true, default).WaitAsync(s_deadline));
        Assert.Equal(StorageErrorKind.Unreachable, failure.Kind);
    }

    [Theory]
    [InlineData("list")]
    [InlineData("stat")]
    [InlineData("delete")]
    [InlineData("open")]
    public async Task Every_call_on_a_silent_line_ends(string call)
    {
        var options = Options();
        using var gate = new TcpGate(options.Port);
        await using var store = new SftpObjectStore(Impatient(options, gate));
        await store.PrepareAsync(create: true, default);
        await store.SaveAsync("data/aa/aa", Noise(10), default);
        gate.FallSilent();
        var failure = await Assert.ThrowsAsync<StorageException>(() =>
            (
                call switch
                {
                    "list" => ListAsync(store),
                    "stat" => store.StatAsync("data/aa/aa", default),
                    "delete" => store.DeleteAsync("data/aa/aa", default),
                    _ => store.OpenReadAsync("data/aa/aa", 0, null, default),
                }
            ).WaitAsync(s_deadline)
        );
        Assert.Equal(StorageErrorKind.Unreachable, failure.Kind);
    }

    [Fact]
    public async Task Cancelling_an_upload_on_a_silent_line_ends_it_at_once()
    {
        var options = Options();
        using var gate = new TcpGate(options.Port);
        await using var store = new SftpObjectStore(
            options with
            {
                Port = gate.Port,
                Silence = TimeSpan.FromHours(1),
                Timeout = TimeSpan.FromHours(1),
            }
        );
        await store.PrepareAsync(create: true, default);
        gate.FallSilent();
        using var stop = new CancellationTokenSource();
        var saving = store.SaveAsync("data/aa/aa", Noise(16_000_000), stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => saving.WaitAsync(s_deadline));
    }

    private static readonly TimeSpan s_deadline = TimeSpan.FromMinutes(2);

    private static SftpStoreOptions Impatient(SftpStoreOptions options, TcpGate gate) =>
        options with
        {
            Port = gate.Port,
            Timeout = TimeSpan.FromSeconds(2),
            Silence = TimeSpan.FromSeconds(3),
        };

    private static RetryingObjectStore Retrying(SftpStoreOptions options) =>
        new(new SftpObjectStore(options), new ImmediateTime(), new Random(1));

    private static async Task ListAsync(SftpObjectStore store)
    {
        await foreach (var _ in store.ListAsync("data", default)) { }
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(s_deadline);
        while (!condition())
            await Task.Delay(20, deadline.Token);
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
