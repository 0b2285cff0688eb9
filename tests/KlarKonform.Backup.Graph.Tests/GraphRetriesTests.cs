using System.Net;
using System.Text.Json;
using CsCheck;
using KlarKonform.Backup.Graph.Governing;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Graph.Tests;

/// <summary>What is tried again, how often, and after which pause: decided without a server.</summary>
public sealed class GraphRetriesTests
{
    private static readonly GraphRequest s_request = new(GraphScope.Directory, new Uri("https://graph.microsoft.com/v1.0/users"));

    private readonly GraphRetries _retries = new(new HighestJitter());

    public static TheoryData<GraphErrorKind> Permanent =>
        [.. Enum.GetValues<GraphErrorKind>().Except([GraphErrorKind.Throttled, GraphErrorKind.Unreachable])];

    [Theory]
    [MemberData(nameof(Permanent))]
    public void What_will_not_pass_is_not_tried_again(GraphErrorKind kind) =>
        Assert.Null(_retries.PauseAfter(Failure(kind, HttpStatusCode.BadRequest), s_request, attempt: 1));

    [Theory]
    [InlineData(1, 0.5)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(6, 16)]
    public void Pauses_double_from_half_a_second(int attempt, double seconds) =>
        Assert.Equal(
            TimeSpan.FromSeconds(seconds),
            _retries.PauseAfter(Failure(GraphErrorKind.Unreachable, HttpStatusCode.BadGateway), s_request, attempt)
        );

    [Fact]
    public void No_pause_of_ours_is_longer_than_five_minutes_or_shorter_than_half_of_the_longest() =>
        Gen.Select(Gen.Int[1, 40], Gen.Int)
            .Sample(
                (attempt, seed) =>
                {
                    var longest = Math.Min(300, 0.5 * Math.Pow(2, attempt - 1));
                    Assert.InRange(new GraphRetries(new Random(seed)).Backoff(attempt).TotalSeconds, longest / 2, longest);
                }
            );

    [Fact]
    public void After_seven_attempts_a_refusal_is_the_result()
    {
        var refusal = Failure(GraphErrorKind.Throttled, HttpStatusCode.TooManyRequests);
        _retries.ConnectionWorks();
        Assert.NotNull(_retries.PauseAfter(refusal, s_request, attempt: 6));
        Assert.Null(_retries.PauseAfter(refusal, s_request, attempt: 7));
    }

    [Theory]
    [InlineData(3600, true)]
    [InlineData(3601, false)]
    public void A_pause_that_Graph_asks_for_is_kept_unless_it_is_longer_than_an_hour(int seconds, bool isKept)
    {
        var wish = TimeSpan.FromSeconds(seconds);
        var refusal = Failure(GraphErrorKind.Throttled, HttpStatusCode.TooManyRequests, wish);
        Assert.Equal(isKept ? wish : null, _retries.PauseAfter(refusal, s_request, attempt: 1));
    }

    [Fact]
    public void A_wish_for_no_pause_is_none()
    {
        var refusal = Failure(GraphErrorKind.Throttled, HttpStatusCode.TooManyRequests, TimeSpan.Zero);
        Assert.Equal(TimeSpan.FromSeconds(0.5), _retries.PauseAfter(refusal, s_request, attempt: 1));
    }

    [Fact]
    public void A_connection_that_worked_is_waited_for_longer_and_looked_at_often()
    {
        var lost = Failure(GraphErrorKind.Unreachable, null);
        Assert.Null(_retries.PauseAfter(lost, s_request, attempt: 7));
        _retries.ConnectionWorks();
        Assert.Equal(TimeSpan.FromSeconds(20), _retries.PauseAfter(lost, s_request, attempt: 7));
        Assert.Equal(TimeSpan.FromSeconds(20), _retries.PauseAfter(lost, s_request, attempt: 13));
        Assert.Null(_retries.PauseAfter(lost, s_request, attempt: 14));
        Assert.Equal(14, _retries.AttemptsAfter(new HttpRequestException("reset"), normal: 6));
        Assert.Equal(6, _retries.AttemptsAfter(new IOException("The download ended."), normal: 6));
    }

    [Fact]
    public void A_connection_that_was_silent_has_been_waited_for_already()
    {
        _retries.ConnectionWorks();
        var silence = new HttpRequestException("silent", new TimeoutException());
        Assert.Equal(6, _retries.AttemptsAfter(silence, normal: 6));
        Assert.Null(_retries.PauseAfter(Failure(GraphErrorKind.Unreachable, null, inner: silence), s_request, attempt: 7));
    }

    [Fact]
    public void A_creation_is_repeated_only_if_it_was_certainly_not_carried_out()
    {
        var creation = s_request with { IsCreation = true };
        Assert.Null(_retries.PauseAfter(Failure(GraphErrorKind.Unreachable, null), creation, attempt: 1));
        Assert.Null(_retries.PauseAfter(Failure(GraphErrorKind.Unreachable, HttpStatusCode.BadGateway), creation, attempt: 1));
        Assert.NotNull(_retries.PauseAfter(Failure(GraphErrorKind.Throttled, HttpStatusCode.TooManyRequests), creation, attempt: 1));
        Assert.Null(_retries.PauseAfterBroken(new IOException("broken off"), creation, attempt: 1));
    }

    [Fact]
    public void A_body_that_broke_off_is_asked_for_seven_times_and_one_that_is_not_JSON_three_times()
    {
        var (brokenOff, noJson) = (new IOException("broken off"), new JsonException("<html>"));
        var inside = Failure(GraphErrorKind.Unreachable, HttpStatusCode.OK);
        Assert.NotNull(_retries.PauseAfterBroken(brokenOff, s_request, attempt: 6));
        Assert.Null(_retries.PauseAfterBroken(brokenOff, s_request, attempt: 7));
        Assert.NotNull(_retries.PauseAfterBroken(noJson, s_request, attempt: 2));
        Assert.Null(_retries.PauseAfterBroken(noJson, s_request, attempt: 3));
        Assert.NotNull(_retries.PauseAfterBroken(inside, s_request, attempt: 2));
        Assert.Null(_retries.PauseAfterBroken(inside, s_request, attempt: 3));
        Assert.Null(_retries.PauseAfterBroken(noJson, s_request with { MaxAttempts = 1 }, attempt: 1));
        Assert.Null(_retries.PauseAfterBroken(Failure(GraphErrorKind.CorruptItem, HttpStatusCode.OK), s_request, attempt: 1));
        Assert.Null(_retries.PauseAfterBroken(new OperationCanceledException(), s_request, attempt: 1));
    }

    [Theory]
    [InlineData("120", 120.0)]
    [InlineData("1.5", 1.5)]
    [InlineData("Wed, 01 Jan 2025 00:00:30 GMT", 30.0)]
    [InlineData("soon", null)]
    [InlineData(null, null)]
    public void The_wish_of_a_response_is_in_seconds_or_until_a_date(string? header, double? seconds)
    {
        using var response = new HttpResponseMessage(HttpStatusCode.TooManyRequests);
        if (header is not null)
            response.Headers.TryAddWithoutValidation("Retry-After", header);
        var now = new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);
        Assert.Equal(seconds, GraphRetries.RetryAfter(response, now)?.TotalSeconds);
    }

    private static GraphException Failure(
        GraphErrorKind kind,
        HttpStatusCode? status,
        TimeSpan? retryAfter = null,
        Exception? inner = null
    ) => new(kind, status, $"{kind}", "refused", inner) { RetryAfter = retryAfter };

    // NextDouble is below 1, so that no pause would be a round number.
    private sealed class HighestJitter : Random
    {
        public override double NextDouble() => 1;
    }
}
