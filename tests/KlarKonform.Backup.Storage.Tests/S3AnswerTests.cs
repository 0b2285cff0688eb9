using KlarKonform.Backup.Storage.S3;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Storage.Tests;

/// <summary>Wrong answers of a server: none may look like an empty repository, a missing object or a completed upload.</summary>
public abstract class S3AnswerTests(S3TestServer server) : ObjectStoreConformance, IAsyncLifetime
{
    private const int Attempts = 4;
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

    /// <summary>The whole conformance suite through a server that only supports listings of version 1, and whose pages are small.</summary>
    protected override IObjectStore Open()
    {
        _front.Choose = _ => S3Fault.ListingVersion1;
        return Retrying(Options() with { PageSize = 2 });
    }

    [Theory]
    [InlineData(S3Fault.TruncatedListing)]
    [InlineData(S3Fault.ErrorInside, StorageErrorKind.Busy)] // The server itself says that it failed.
    [InlineData(S3Fault.HtmlPage)]
    [InlineData(S3Fault.EmptyAnswer)]
    [InlineData(S3Fault.ListingTwice)]
    [InlineData(S3Fault.ListingOfOthers)]
    public async Task A_listing_that_is_none_is_asked_for_again_and_then_fails(
        S3Fault fault,
        StorageErrorKind kind = StorageErrorKind.InvalidAnswer
    )
    {
        await using var store = await FilledAsync();
        _front.Choose = request => IsListing(request) && Interlocked.Increment(ref _requests) <= 2 ? fault : S3Fault.None;
        Assert.Equal(["data/aa/1", "data/aa/2", "data/aa/3"], await KeysAsync(store, "data"));

        _front.Choose = request => IsListing(request) ? fault : S3Fault.None;
        var failure = await Assert.ThrowsAsync<StorageException>(() => KeysAsync(store, "data"));
        Assert.Equal(kind, failure.Kind);
    }

    [Theory]
    [InlineData(S3Fault.EmptyAnswer)]
    [InlineData(S3Fault.HtmlPage)]
    [InlineData(S3Fault.NotFoundPage)]
    public async Task A_place_where_something_else_answers_is_not_prepared(S3Fault fault)
    {
        _front.Choose = _ => fault;
        await using var store = new S3ObjectStore(Options());
        var failure = await Assert.ThrowsAsync<StorageException>(() => store.PrepareAsync(create: false, default));
        Assert.Equal(StorageErrorKind.InvalidAnswer, failure.Kind);
    }

    [Fact]
    public async Task A_listing_that_goes_round_in_circles_ends()
    {
        await using var store = await FilledAsync(pageSize: 1);
        _front.Choose = _ => S3Fault.ListingStandsStill;
        var failure = await Assert.ThrowsAsync<StorageException>(() => KeysAsync(store, "data"));
        Assert.Equal(StorageErrorKind.InvalidAnswer, failure.Kind);
        Assert.InRange(_front.Requests.Count, 2, 40);
    }

    [Fact]
    public async Task A_version_1_server_that_stands_still_ends_too()
    {
        await using var store = await FilledAsync(pageSize: 1);
        byte[]? first = null;
        _front.Choose = _ => S3Fault.ListingVersion1;
        _front.Alter = (request, answer) => answer.Body = IsListing(request) ? first ??= answer.Body : answer.Body;
        var failure = await Assert.ThrowsAsync<StorageException>(() => KeysAsync(store, "data"));
        Assert.Equal(StorageErrorKind.InvalidAnswer, failure.Kind);
    }

    // IDrive e2 (gilbertchen/duplicacy#655): the page after a marker begins with the marker.
    [Fact]
    public async Task A_version_1_page_may_begin_with_the_key_that_it_should_begin_behind()
    {
        await using var store = await FilledAsync(pageSize: 2);
        var last = "";
        _front.Choose = _ => S3Fault.ListingVersion1;
        _front.Alter = (request, answer) =>
        {
            if (!IsListing(request))
                return;
            if (request.Query.ContainsKey("marker"))
                answer.Text = answer.Text.Replace("<Contents>", last + "<Contents>", StringComparison.Ordinal);
            last = answer.Text[
                answer.Text.LastIndexOf("<Contents>", StringComparison.Ordinal)..(
                    answer.Text.LastIndexOf("</Contents>", StringComparison.Ordinal) + "</Contents>".Length
                )
            ];
        };
        Assert.Equal(["data/aa/1", "data/aa/2", "data/aa/3"], await KeysAsync(store, "data"));
    }

    // Ceph's sharded index (ceph/ceph#32110) returns such pages.
    [Fact]
    public async Task An_empty_page_in_the_middle_is_not_the_end()
    {
        await using var store = await FilledAsync(pageSize: 1);
        _front.Alter = (request, answer) =>
        {
            if (IsListing(request) && Interlocked.Increment(ref _requests) == 2)
                answer.Text = Without(answer.Text, "Contents");
        };
        Assert.Equal(["data/aa/1", "data/aa/3"], await KeysAsync(store, "data"));
    }

    [Fact]
    public async Task A_last_page_may_say_nothing_of_going_on()
    {
        await using var store = await FilledAsync();
        _front.Alter = (request, answer) => answer.Text = IsListing(request) ? Without(answer.Text, "IsTruncated") : answer.Text;
        Assert.Equal(["data/aa/1", "data/aa/2", "data/aa/3"], await KeysAsync(store, "data"));
    }

    [Fact]
    public async Task A_key_without_its_size_is_no_empty_object()
    {
        await using var store = await FilledAsync();
        _front.Alter = (request, answer) => answer.Text = IsListing(request) ? Without(answer.Text, "Size") : answer.Text;
        var failure = await Assert.ThrowsAsync<StorageException>(() => KeysAsync(store, "data"));
        Assert.Equal(StorageErrorKind.InvalidAnswer, failure.Kind);
    }

    [Fact]
    public async Task What_a_console_shows_as_a_folder_is_no_object()
    {
        await using var store = await FilledAsync();
        await store.SaveAsync("data/", ReadOnlyMemory<byte>.Empty, default);
        Assert.Equal(["data/aa/1", "data/aa/2", "data/aa/3"], await KeysAsync(store, "data"));
    }

    [Fact]
    public async Task What_a_listing_leaves_out_or_still_names_is_told_by_asking_for_it()
    {
        await using var store = await FilledAsync();
        byte[]? stale = null;
        _front.Alter = (request, answer) => answer.Body = IsListing(request) ? stale ??= answer.Body : answer.Body;
        await KeysAsync(store, "data");
        await store.DeleteAsync("data/aa/2", default);
        await store.SaveAsync("data/aa/4", Noise(4), default);
        Assert.Equal(["data/aa/1", "data/aa/2", "data/aa/3"], await KeysAsync(store, "data"));
        Assert.Null(await store.StatAsync("data/aa/2", default));
        Assert.NotNull(await store.StatAsync("data/aa/4", default));
    }

    [Theory]
    [InlineData(S3Fault.NotFoundPage)]
    [InlineData(S3Fault.HtmlPage)]
    public async Task An_object_is_not_missing_because_a_proxy_says_so(S3Fault fault)
    {
        await using var store = await FilledAsync();
        _front.Choose = _ => fault;
        Assert.Equal(
            StorageErrorKind.InvalidAnswer,
            (await Assert.ThrowsAsync<StorageException>(() => store.StatAsync("data/aa/1", default))).Kind
        );
        Assert.Equal(
            StorageErrorKind.InvalidAnswer,
            (await Assert.ThrowsAsync<StorageException>(() => ReadAsync(store, "data/aa/1", 0, null))).Kind
        );
        _front.Choose = request => Interlocked.Increment(ref _requests) == 1 ? fault : S3Fault.None;
        Assert.Equal(1, (await store.StatAsync("data/aa/1", default))!.Size);
    }

    [Fact]
    public async Task A_server_whose_refusals_are_not_in_XML_still_says_what_is_missing()
    {
        await using var store = await FilledAsync();
        _front.Alter = (_, answer) =>
        {
            if (answer.Status == 404)
                answer.Become(404, "text/plain", "not found");
        };
        Assert.Null(await store.StatAsync("data/aa/9", default));
        Assert.Equal(
            StorageErrorKind.NotFound,
            (await Assert.ThrowsAsync<StorageException>(() => ReadAsync(store, "data/aa/9", 0, null))).Kind
        );
    }

    // async-aws/aws#2077: HEAD without Content-Length.
    [Fact]
    public async Task A_size_that_is_not_said_is_looked_up()
    {
        await using var store = await FilledAsync();
        _front.Choose = _ => S3Fault.LengthMissing;
        Assert.Equal(3, (await store.StatAsync("data/aa/3", default))!.Size);
    }

    [Fact]
    public async Task A_server_that_ignores_ranges_is_named()
    {
        _front.KeepsUploads = true;
        await using var store = Retrying(Options());
        await store.SaveAsync("data/aa/aa", Noise(5000), default);
        _front.Choose = _ => S3Fault.RangeIgnored;
        var failure = await Assert.ThrowsAsync<StorageException>(() => ReadAsync(store, "data/aa/aa", 1000, 500));
        Assert.Equal(StorageErrorKind.RangesIgnored, failure.Kind);
        Assert.Contains("ignores ranges", failure.Message, StringComparison.Ordinal);
        Assert.Single(_front.Requests, request => request.Method == "GET");
        Assert.Equal(Noise(5000)[..500], await ReadAsync(store, "data/aa/aa", 0, 500));
        Assert.Equal(Noise(5000), await ReadAsync(store, "data/aa/aa", 0, 5000));
    }

    [Fact]
    public async Task A_part_that_is_right_under_a_wrong_status_is_taken()
    {
        await using var store = Retrying(Options());
        await store.SaveAsync("data/aa/aa", Noise(5000), default);
        _front.Choose = _ => S3Fault.PartAsWhole;
        Assert.Equal(Noise(5000)[1000..1500], await ReadAsync(store, "data/aa/aa", 1000, 500));
        Assert.Equal(Noise(5000), await ReadAsync(store, "data/aa/aa", 0, 5000));
    }

    [Fact]
    public async Task Another_part_than_the_one_that_was_asked_for_is_asked_for_again()
    {
        await using var store = Retrying(Options());
        await store.SaveAsync("data/aa/aa", Noise(5000), default);
        _front.Choose = request =>
            request.Method == "GET" && Interlocked.Increment(ref _requests) <= 2 ? S3Fault.WrongContentRange : S3Fault.None;
        Assert.Equal(Noise(5000)[1000..1500], await ReadAsync(store, "data/aa/aa", 1000, 500));
        _front.Choose = _ => S3Fault.WrongContentRange;
        Assert.Equal(
            StorageErrorKind.InvalidAnswer,
            (await Assert.ThrowsAsync<StorageException>(() => ReadAsync(store, "data/aa/aa", 1000, 500))).Kind
        );
    }

    [Fact]
    public async Task An_object_that_comes_empty_is_asked_for_again()
    {
        await using var store = Retrying(Options());
        await store.SaveAsync("snapshots/s", Noise(5000), default);
        _front.Choose = request =>
            request.Method == "GET" && Interlocked.Increment(ref _requests) <= 2 ? S3Fault.EmptyAnswer : S3Fault.None;
        Assert.Equal(Noise(5000), await ReadAsync(store, "snapshots/s", 0, null));
        _requests = 0;
        Assert.Equal(Noise(5000)[1000..1500], await ReadAsync(store, "snapshots/s", 1000, 500));
        _front.Choose = _ => S3Fault.EmptyAnswer;
        Assert.Equal(
            StorageErrorKind.InvalidAnswer,
            (await Assert.ThrowsAsync<StorageException>(() => ReadAsync(store, "snapshots/s", 0, null))).Kind
        );
    }

    [Theory]
    [InlineData(S3Fault.ErrorInside, 100)]
    [InlineData(S3Fault.HtmlPage, 100)]
    [InlineData(S3Fault.ErrorInside, 6_000_000)]
    [InlineData(S3Fault.HtmlPage, 6_000_000)]
    public async Task An_upload_of_which_the_answer_says_nothing_is_there_or_sent_again(S3Fault fault, int size)
    {
        await using var store = Retrying(Options() with { PartSize = 5 * 1024 * 1024 });
        _front.Choose = request =>
            (request.Method == "PUT" && request.Query.Count == 0) || (request.Method == "POST" && request.Query.ContainsKey("uploadId"))
                ? Interlocked.Increment(ref _requests) == 1
                    ? fault
                    : S3Fault.None
                : S3Fault.None;
        await store.SaveAsync("data/aa/aa", Noise(size), default);
        _front.Choose = _ => S3Fault.None;
        Assert.Equal(Noise(size), await ReadAsync(store, "data/aa/aa", 0, null));
    }

    // cvmfs/cvmfs#2965. With the right ETag this cannot be detected at once.
    [Fact]
    public async Task An_upload_that_was_confirmed_and_not_carried_out_shows_when_it_is_asked_for()
    {
        await using var store = Retrying(Options());
        _front.Choose = request => request.Method == "PUT" ? S3Fault.Ignored : S3Fault.None;
        await store.SaveAsync("data/aa/bb", Noise(100), default);
        Assert.Null(await store.StatAsync("data/aa/bb", default));
        Assert.Empty(await KeysAsync(store, "data"));
    }

    [Fact]
    public async Task A_server_that_keeps_other_bytes_is_noticed_by_its_ETag()
    {
        await using var store = new S3ObjectStore(Options());
        await using var direct = new S3ObjectStore(Options());
        _front.Choose = request => request.Method == "PUT" ? S3Fault.WrongETag : S3Fault.None;
        await store.SaveAsync("data/aa/aa", Noise(100), default); // Read back once: its ETags are not hashes.
        await store.SaveAsync("data/aa/bb", Noise(200), default);
        Assert.Equal(1, _front.Requests.Count(request => request.Method == "GET"));

        _front.Alter = (request, answer) =>
        {
            if (request.Method == "GET" && answer.Body.Length == 300)
                answer.Body[7] ^= 1;
        };
        var failure = await Assert.ThrowsAsync<StorageException>(() => direct.SaveAsync("data/aa/cc", Noise(300), default));
        Assert.Equal(StorageErrorKind.InvalidAnswer, failure.Kind);
    }

    [Fact]
    public async Task An_upload_whose_answer_never_says_anything_counts_when_the_object_is_there_and_only_then()
    {
        await using var store = Retrying(Options());
        _front.Alter = (request, answer) =>
        {
            if (request.Method == "PUT")
                answer.Set("ETag", null);
        };
        await store.SaveAsync("data/aa/aa", Noise(100), default);
        _front.Alter = (request, answer) =>
        {
            if (request.Method == "PUT")
                answer.Become(200, "text/html", "<html/>");
            if (request.Method == "HEAD")
                answer.Become(404, "text/html", "");
        };
        Assert.Equal(
            StorageErrorKind.InvalidAnswer,
            (await Assert.ThrowsAsync<StorageException>(() => store.SaveAsync("data/aa/bb", Noise(100), default))).Kind
        );
    }

    [Fact]
    public async Task A_part_of_an_upload_that_the_server_lost_costs_the_upload_only()
    {
        await using var store = Retrying(Options() with { PartSize = 5 * 1024 * 1024 });
        _front.Choose = request =>
            request.Query["partNumber"] == "2" && Interlocked.Increment(ref _requests) == 1 ? S3Fault.Ignored : S3Fault.None;
        await store.SaveAsync("data/aa/aa", Noise(12_000_000), default);
        Assert.Equal(Noise(12_000_000), await ReadAsync(store, "data/aa/aa", 0, null));
    }

    [Fact]
    public async Task A_deletion_that_was_answered_and_not_carried_out_hides_nothing()
    {
        await using var store = await FilledAsync();
        _front.Choose = request => request.Method == "DELETE" ? S3Fault.Ignored : S3Fault.None;
        await store.DeleteAsync("data/aa/1", default);
        Assert.NotNull(await store.StatAsync("data/aa/1", default));
        Assert.Equal(["data/aa/1", "data/aa/2", "data/aa/3"], await KeysAsync(store, "data"));
    }

    [Fact]
    public async Task An_archived_object_is_told_by_its_class_before_and_when_it_is_read()
    {
        await using var store = await FilledAsync();
        _front.Choose = _ => S3Fault.Archived;
        await foreach (var item in store.ListAsync("data", default))
            Assert.Equal(("GLACIER", true), (item.StorageClass, item.IsArchived));
        Assert.True((await store.StatAsync("data/aa/1", default))!.IsArchived);
        foreach (var length in (int?[])[null, 1])
        {
            var failure = await Assert.ThrowsAsync<StorageException>(() => ReadAsync(store, "data/aa/1", 0, length));
            Assert.Equal((StorageErrorKind.Archived, "GLACIER"), (failure.Kind, failure.Detail));
            Assert.Contains("data/aa/1", failure.Message, StringComparison.Ordinal);
            Assert.Contains("GLACIER", failure.Message, StringComparison.Ordinal);
        }

        _front.Choose = request => request.Method == "HEAD" ? S3Fault.Archived : S3Fault.None;
        _front.Alter = (_, answer) =>
            answer.Set("x-amz-restore", "ongoing-request=\"false\", expiry-date=\"Fri, 21 Dec 2035 00:00:00 GMT\"");
        Assert.False((await store.StatAsync("data/aa/1", default))!.IsArchived); // Restored for a time.
        _front.Alter = (_, answer) => answer.Set("x-amz-restore", "ongoing-request=\"true\"");
        Assert.True((await store.StatAsync("data/aa/1", default))!.IsArchived);
        _front.Choose = _ => S3Fault.None;
        _front.Alter = (_, answer) => answer.Set("x-amz-archive-status", "DEEP_ARCHIVE_ACCESS"); // For INTELLIGENT_TIERING.
        Assert.True((await store.StatAsync("data/aa/1", default))!.IsArchived);
    }

    private static bool IsListing(Microsoft.AspNetCore.Http.HttpRequest request) =>
        request.Method == "GET" && request.Query.ContainsKey("prefix");

    private static string Without(string xml, string element) =>
        System.Text.RegularExpressions.Regex.Replace(
            xml,
            $"<{element}>.*?</{element}>",
            "",
            System.Text.RegularExpressions.RegexOptions.Singleline
        );

    private async Task<IObjectStore> FilledAsync(int? pageSize = null)
    {
        _front.Choose = _ => S3Fault.None;
        var store = Retrying(Options() with { PageSize = pageSize });
        for (var number = 1; number <= 3; number++)
            await store.SaveAsync($"data/aa/{number}", Noise(number), default);
        return store;
    }

    private static RetryingObjectStore Retrying(S3StoreOptions options) =>
        new(new S3ObjectStore(options), new ImmediateTime(), new Random(1), Attempts);

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
