using System.Net;
using CsCheck;
using KlarKonform.Backup.Graph.Governing;
using Microsoft.Extensions.Time.Testing;

namespace KlarKonform.Backup.Graph.Tests;

/// <summary>The governor with a clock that the test moves.</summary>
[Trait("Tier", "Fast")]
public sealed class GovernorTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task Workers_of_one_app_share_the_tenants_units_and_the_last_one_has_them_all_again()
    {
        using var governor = new GraphGovernor(_time);
        governor.SetTenantSize(100, 100);
        Assert.Equal(await UnitsAMinuteAsync(governor), 4 * await UnitsAMinuteAsync(governor, workers: 4), 4.0);
        Assert.Equal(await UnitsAMinuteAsync(governor, workers: 4), (await UnitsAMinuteAsync(governor, workers: 1)) / 4.0, 1.0);
        Assert.Throws<ArgumentOutOfRangeException>(() => governor.SetWorkers(0));
    }

    [Fact]
    public async Task A_mailbox_admits_four_and_another_mailbox_does_not_wait_for_it()
    {
        using var governor = new GraphGovernor(_time);
        var places = new List<IDisposable>();
        for (var i = 0; i < 4; i++)
            places.Add(await Now(governor, GraphScope.Mailbox("a")));
        var fifth = governor.EnterAsync(GraphScope.Mailbox("a"), 1, 1, default);
        Assert.False(fifth.IsCompleted);
        await Now(governor, GraphScope.Mailbox("b"));
        places[0].Dispose();
        await fifth.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Two_batches_on_a_mailbox_take_turns_and_block_nobody_for_ever()
    {
        using var governor = new GraphGovernor(_time);
        var scope = GraphScope.Mailbox("a");
        var single = await Now(governor, scope);
        var first = governor.EnterAsync(scope, 4, 20, default);
        var second = governor.EnterAsync(scope, 4, 20, default);
        Assert.False(first.IsCompleted);
        single.Dispose();
        (await first.WaitAsync(TimeSpan.FromSeconds(10))).Dispose();
        (await second.WaitAsync(TimeSpan.FromSeconds(10))).Dispose();
    }

    [Fact]
    public async Task Retry_After_pauses_its_mailbox_and_no_other()
    {
        using var governor = new GraphGovernor(_time);
        governor.Throttled(GraphScope.Mailbox("a"), TimeSpan.FromSeconds(30));
        var waiting = governor.EnterAsync(GraphScope.Mailbox("a"), 1, 1, default);
        await Now(governor, GraphScope.Mailbox("b"));
        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.False(waiting.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1.1));
        await waiting.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Who_was_refused_asks_for_less_at_a_time_until_all_is_well_for_a_while()
    {
        using var governor = new GraphGovernor(_time);
        var scope = GraphScope.Mailbox("a");
        governor.Throttled(scope, TimeSpan.Zero);
        (await Now(governor, scope), await Now(governor, scope)).Item1.Dispose();
        await Now(governor, scope);
        var third = governor.EnterAsync(scope, 1, 1, default);
        Assert.False(third.IsCompleted);
        using var fine = new HttpResponseMessage(HttpStatusCode.OK);
        for (var i = 0; i < 100; i++)
            governor.Answered(scope, fine);
        var fourth = governor.EnterAsync(scope, 1, 1, default);
        await Task.WhenAll(third, fourth).WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Drives_share_the_tenants_units_and_take_turns()
    {
        using var governor = new GraphGovernor(_time);
        var order = new List<string>();
        for (var i = 0; i < 4; i++)
            governor.Throttled(GraphScope.Drive("large"), TimeSpan.FromSeconds(1)); // Down to one request at a time.
        var all = new List<Task>();
        foreach (var drive in Enumerable.Repeat("large", 5).Concat(["small", "small"]))
        {
            all.Add(
                governor
                    .EnterAsync(GraphScope.Drive(drive), 1, 1, default)
                    .ContinueWith(
                        place =>
                        {
                            lock (order)
                                order.Add(drive);
                            place.Result.Dispose();
                        },
                        TaskContinuationOptions.ExecuteSynchronously
                    )
            );
        }

        _time.Advance(TimeSpan.FromSeconds(2));
        await Task.WhenAll(all).WaitAsync(TimeSpan.FromSeconds(10));
        Assert.True(order.LastIndexOf("small") <= 3, string.Join(' ', order));
    }

    [Fact]
    public async Task A_cancelled_wait_leaves_its_place_to_the_next()
    {
        using var governor = new GraphGovernor(_time);
        var scope = GraphScope.Mailbox("a");
        var places = new List<IDisposable>();
        for (var i = 0; i < 4; i++)
            places.Add(await Now(governor, scope));
        using var stop = new CancellationTokenSource();
        var given = governor.EnterAsync(scope, 1, 1, stop.Token);
        var next = governor.EnterAsync(scope, 1, 1, default);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        places[0].Dispose();
        await next.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task SharePoints_own_headers_set_the_units_and_the_pause()
    {
        using var governor = new GraphGovernor(_time);
        var scope = GraphScope.Drive("a");
        using var answer = new HttpResponseMessage(HttpStatusCode.OK);
        answer.Headers.Add("RateLimit-Limit", "100");
        answer.Headers.Add("RateLimit-Remaining", "50");
        answer.Headers.Add("RateLimit-Reset", "20");
        governor.Answered(scope, answer);
        for (var i = 0; i < 96; i++)
            (await Now(governor, scope)).Dispose();
        Assert.False(governor.EnterAsync(scope, 1, 1, default).IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(62));
        answer.Headers.Remove("RateLimit-Remaining");
        answer.Headers.Add("RateLimit-Remaining", "0");
        governor.Answered(scope, answer);
        var paused = governor.EnterAsync(scope, 1, 1, default);
        Assert.False(paused.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(21));
        await paused.WaitAsync(TimeSpan.FromSeconds(10));
    }

    /// <summary>
    /// Whatever the costs and times: no window of ten minutes contains more than Exchange allows, and every request gets through.
    /// </summary>
    [Fact]
    public void No_window_ever_holds_more_than_its_quota()
    {
        Gen.Select(Gen.Int[1, 20], Gen.Int[0, 4000])
            .Array[20, 100]
            .Sample(
                arrivals =>
                {
                    var time = new WatchedTime();
                    using var governor = new GraphGovernor(time);
                    var admitted = new List<(DateTimeOffset Time, int Cost)>();
                    foreach (var (cost, pause) in arrivals)
                    {
                        var charged = cost * 97;
                        var entering = governor.EnterAsync(GraphScope.Mailbox("a"), 1, charged, default);
                        var atOnce = entering.IsCompleted;
                        var moment = time.GetUtcNow();
                        while (!SpinWait.SpinUntil(() => entering.IsCompleted, 1))
                            time.Advance(TimeSpan.FromMinutes(1));
                        Assert.True(
                            atOnce || time.LastFired - moment < TimeSpan.FromMinutes(12),
                            "A request waited longer than a whole window."
                        );

                        entering.Result.Dispose();

                        // A waiter is admitted by the gate's timer, at the time at which it fires.
                        admitted.Add((atOnce ? moment : time.LastFired, charged));
                        time.Advance(TimeSpan.FromMilliseconds(pause));
                    }

                    foreach (var (start, _) in admitted)
                        Assert.True(
                            admitted
                                .Where(each => each.Time >= start && each.Time < start + TimeSpan.FromMinutes(10))
                                .Sum(each => each.Cost) <= 10_000
                        );
                },
                iter: 30,
                threads: 1
            );
    }

    private sealed class WatchedTime() : FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
        public DateTimeOffset LastFired { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(
                each =>
                {
                    LastFired = GetUtcNow();
                    callback(each);
                },
                state,
                dueTime,
                period
            );
    }

    private static async Task<IDisposable> Now(GraphGovernor governor, GraphScope scope)
    {
        var entering = governor.EnterAsync(scope, 1, 1, default);
        Assert.True(entering.IsCompleted, "It should have been admitted at once.");
        return await entering;
    }

    // The number of requests of one unit that pass within a minute of the test's clock.
    private async Task<double> UnitsAMinuteAsync(GraphGovernor governor, int workers = 1)
    {
        governor.SetWorkers(workers);
        _time.Advance(TimeSpan.FromDays(2));
        for (var passed = 0; ; passed++)
        {
            using var stop = new CancellationTokenSource();
            var place = governor.EnterAsync(GraphScope.Drive("a"), 1, 1, stop.Token);
            if (place.IsCompleted)
            {
                (await place).Dispose();
                continue;
            }

            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => place);
            return passed;
        }
    }
}
