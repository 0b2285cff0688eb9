using KlarKonform.Backup.Http;
using KlarKonform.Backup.Storage.S3;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Storage.Tests;

/// <summary>
/// Through a proxy with faults in front of a real S3 server; the whole conformance suite runs while every third request breaks in one way
/// or another.
/// </summary>
public abstract class S3FaultTests(S3TestServer server) : ObjectStoreConformance, IAsyncLifetime
{
    private static readonly S3Fault[] s_faults =
    [
        S3Fault.InternalError,
        S3Fault.Reset,
        S3Fault.TruncatedAnswer,
        S3Fault.SlowDown,
        S3Fault.DamagedUpload,
    ];
    private readonly string _prefix = $"store-{Guid.NewGuid():N}";
    private FaultyS3 _front = null!;
    private int _requests;

    public async ValueTask InitializeAsync()
    {
        if (server.Missing is { } reason)
            Assert.Skip(reason);
        _front = await FaultyS3.StartAsync(server);
    }

    public async ValueTask DisposeAsync()
    {
        if (_front is not null)
            await _front.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected override IObjectStore Open()
    {
        _front.Choose = _ =>
            Interlocked.Increment(ref _requests) is var count && count % 3 == 0 ? s_faults[count / 3 % s_faults.Length] : S3Fault.None;
        return Retrying(Options());
    }

    [Fact]
    public async Task A_body_damaged_on_the_way_is_refused_by_the_server_and_sent_again()
    {
        _front.Choose = request =>
            request.Method == "PUT" && Interlocked.Increment(ref _requests) == 1 ? S3Fault.DamagedUpload : S3Fault.None;
        await using var store = Retrying(Options());
        await store.SaveAsync("data/aa/aa", Noise(50_000), default);
        Assert.Equal(Noise(50_000), await ReadAsync(store, "data/aa/aa", 0, null));
        Assert.Equal(2, _front.Requests.Count(request => request.Method == "PUT"));
    }

    [Fact]
    public async Task A_request_without_an_answer_ends_and_is_repeated()
    {
        _front.Choose = _ => Interlocked.Increment(ref _requests) == 1 ? S3Fault.Hang : S3Fault.None;
        await using var store = Retrying(Impatient());
        await store.SaveAsync("data/aa/aa", Noise(100), default);
        Assert.Equal(Noise(100), await ReadAsync(store, "data/aa/aa", 0, null));
    }

    [Fact]
    public async Task An_object_whose_line_falls_silent_is_read_on_where_it_stopped()
    {
        await using var store = Retrying(Impatient());
        await store.SaveAsync("data/aa/aa", Noise(300_000), default);
        _front.Choose = request =>
            request.Method == "GET" && Interlocked.Increment(ref _requests) <= 2 ? S3Fault.SilentAnswer : S3Fault.None;
        Assert.Equal(Noise(300_000), await ReadAsync(store, "data/aa/aa", 0, null));
        Assert.Equal(
            ["", "bytes=150000-", "bytes=225000-"],
            _front.Requests.Where(request => request.Method == "GET").Select(request => request.Headers.GetValueOrDefault("Range", ""))
        );
    }

    [Fact]
    public async Task A_listing_whose_line_falls_silent_is_asked_for_again()
    {
        await using var store = Retrying(Impatient());
        await store.SaveAsync("data/aa/aa", Noise(10), default);
        await store.SaveAsync("data/aa/bb", Noise(10), default);
        _front.Choose = request =>
            request.Method == "GET" && Interlocked.Increment(ref _requests) <= 2 ? S3Fault.SilentAnswer : S3Fault.None;
        var listed = new List<string>();
        await foreach (var item in store.ListAsync("data", default))
            listed.Add(item.Key);
        Assert.Equal(["data/aa/aa", "data/aa/bb"], listed.Order());
    }

    [Fact]
    public async Task A_service_that_stays_silent_is_unreachable_and_not_waited_for_without_end()
    {
        _front.Choose = _ => S3Fault.Hang;
        await using var store = Retrying(Impatient(), attempts: 3);
        var failure = await Assert.ThrowsAsync<StorageException>(() => store.SaveAsync("data/aa/aa", Noise(100), default));
        Assert.Equal(StorageErrorKind.Unreachable, failure.Kind);
        Assert.Equal(3, _front.Requests.Count);
    }

    [Fact]
    public async Task Requests_share_connections_instead_of_opening_one_each()
    {
        const int AtOnce = 4;
        await using var store = new S3ObjectStore(Options());
        await store.SaveAsync("data/aa/aa", Noise(300_000), default);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 60),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
            async (number, _) =>
            {
                Assert.Equal(Noise(300_000)[(number * 1000)..][..5000], await ReadAsync(store, "data/aa/aa", number * 1000, 5000));
                await store.StatAsync($"data/aa/{number}", default);
            }
        );
        Assert.True(_front.Requests.Count > 120);
        Assert.InRange(_front.Connections, 1, 2 * AtOnce);
    }

    [Fact]
    public async Task A_server_that_stays_broken_is_reported_as_busy()
    {
        _front.Choose = _ => S3Fault.InternalError;
        await using var store = Retrying(Options());
        var failure = await Assert.ThrowsAsync<StorageException>(() => store.SaveAsync("data/aa/aa", Noise(100), default));
        Assert.Equal(StorageErrorKind.Busy, failure.Kind);
    }

    [Fact]
    public async Task A_large_object_goes_up_in_parts_and_a_failed_upload_is_withdrawn()
    {
        await using var store = new S3ObjectStore(Options() with { PartSize = 5 * 1024 * 1024 });
        var content = Noise(12_000_000);
        await store.SaveAsync("data/aa/large", content, default);
        Assert.Equal(content, await ReadAsync(store, "data/aa/large", 0, null));
        Assert.Equal(3, _front.Requests.Count(request => request.Target.Contains("partNumber=", StringComparison.Ordinal)));

        _front.Choose = request => request.Query["partNumber"] == "2" ? S3Fault.InternalError : S3Fault.None;
        await Assert.ThrowsAsync<StorageException>(() => store.SaveAsync("data/aa/second", content, default));
        Assert.Contains(
            _front.Requests,
            request => request.Method == "DELETE" && request.Target.Contains("uploadId=", StringComparison.Ordinal)
        );
        Assert.Null(await store.StatAsync("data/aa/second", default));
    }

    [Fact]
    public async Task Uploads_carry_checksum_signature_class_and_encryption_and_no_chunks()
    {
        await using var store = new S3ObjectStore(
            Options() with
            {
                StorageClass = "STANDARD_IA",
                ServerSideEncryption = "aws:kms",
                KmsKeyId = "key-1",
            }
        );
        foreach (var key in (string[])["data/aa/pack", "snapshots/s"])
        {
            try
            {
                await store.SaveAsync(key, Noise(1000), default);
            }
            catch (StorageException)
            {
                // Neither server supports this class and KMS: what counts here is the request.
            }
        }

        var pack = _front.Requests.First(request => request.Target.EndsWith("/pack", StringComparison.Ordinal)).Headers;
        Assert.Equal("STANDARD_IA", pack["x-amz-storage-class"]);
        Assert.Equal("aws:kms", pack["x-amz-server-side-encryption"]);
        Assert.Equal("key-1", pack["x-amz-server-side-encryption-aws-kms-key-id"]);
        Assert.Matches("^[0-9a-f]{64}$", pack["x-amz-content-sha256"]);
        Assert.NotEmpty(pack["Content-MD5"]);
        Assert.DoesNotContain("aws-chunked", pack.GetValueOrDefault("Content-Encoding", ""), StringComparison.Ordinal);
        Assert.DoesNotContain(
            "x-amz-storage-class",
            _front.Requests.First(request => request.Target.EndsWith("/s", StringComparison.Ordinal)).Headers.Keys
        );
    }

    [Fact]
    public async Task The_bucket_may_stand_in_the_host_name()
    {
        // s3.test is the server's domain in its configuration; the name is resolved here, so that no DNS is needed.
        await using var store = new S3ObjectStore(
            Options() with
            {
                Endpoint = new Uri($"http://s3.test:{_front.Endpoint.Port}"),
                PathStyle = false,
                HandlerFactory = () =>
                    new SocketsHttpHandler
                    {
                        ConnectCallback = async (_, token) =>
                        {
                            var socket = new System.Net.Sockets.Socket(
                                System.Net.Sockets.SocketType.Stream,
                                System.Net.Sockets.ProtocolType.Tcp
                            );
                            await socket.ConnectAsync("127.0.0.1", _front.Endpoint.Port, token);
                            return new System.Net.Sockets.NetworkStream(socket, ownsSocket: true);
                        },
                    },
            }
        );
        await store.SaveAsync("keys/k", Noise(10), default);
        Assert.Equal(Noise(10), await ReadAsync(store, "keys/k", 0, null));
        Assert.All(_front.Requests, request => Assert.StartsWith(server.Bucket + ".s3.test", request.Host, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_given_keys_the_AWS_default_chain_is_asked()
    {
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", server.AccessKey);
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", server.SecretKey);
        try
        {
            await using var store = new S3ObjectStore(Options() with { Credentials = null });
            await store.SaveAsync("keys/k", Noise(10), default);
            Assert.Equal(Noise(10), await ReadAsync(store, "keys/k", 0, null));
        }
        finally
        {
            Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", null);
            Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", null);
        }
    }

    private static RetryingObjectStore Retrying(S3StoreOptions options, int attempts = RetryingObjectStore.DefaultAttempts) =>
        new(new S3ObjectStore(options), new ImmediateTime(), new Random(1), attempts);

    private S3StoreOptions Impatient() =>
        Options() with
        {
            HandlerFactory = () =>
                new LineLimitHandler(
                    new SocketsHttpHandler(),
                    new LineLimits { Headers = TimeSpan.FromSeconds(2), Silence = TimeSpan.FromSeconds(1) },
                    TimeProvider.System
                ),
        };

    private S3StoreOptions Options() =>
        new()
        {
            Endpoint = _front.Endpoint,
            Bucket = server.Bucket,
            Prefix = _prefix,
            Credentials = new S3Credentials(server.AccessKey, server.SecretKey),
            HandlerFactory = () => new SocketsHttpHandler(),
        };
}
