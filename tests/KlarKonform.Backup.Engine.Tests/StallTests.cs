using System.Collections.Concurrent;
using KlarKonform.Backup.DemoTenant.Generation;
using Microsoft.Extensions.Time.Testing;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>Runs in which nothing moves: they are named, reported, and distinguished from those that Microsoft asked to wait.</summary>
public sealed class StallTests
{
    private static readonly TenantSizes s_sizes = new()
    {
        Users = 2,
        MailsPerUser = 3,
        FilesPerUser = 0,
    };
    private static readonly SourceSettings s_mail = new() { Mail = new MailSelection() };

    [Fact]
    public async Task A_run_that_stands_still_is_named_in_the_status_and_told_once_and_goes_on()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 5, 4, 2, 0, 0, TimeSpan.Zero));
        await using var scenario = await BackupScenario.StartAsync(s_sizes, sources: s_mail, time: time);
        await using var hook = new NotificationTests.Hook();
        scenario.Secrets["hook"] = hook.Address;
        var configuration = (await scenario.Engine.GetConfigurationsAsync("Test", default))[0];
        var settings = new NotificationSettings { Webhook = "vault/hook" };
        await scenario.Engine.UpdateConfigurationAsync(configuration with { Notification = settings }, default);
        var vault = new LockedVault(scenario, "graph");
        var run = Task.Run(() => scenario.Engine.StartBackupAsync("Test", new BackupOptions(), vault, scenario, default));
        await vault.Asked;
        Assert.Null((await StatusAsync(scenario)).StalledSince);

        await UntilAsync(
            time,
            TimeSpan.FromSeconds(30),
            async () => (await StatusAsync(scenario)).StalledSince is not null && !hook.Received.IsEmpty
        );
        var status = await StatusAsync(scenario);
        Assert.Equal(BackupState.Running, status.Status);
        Assert.InRange(time.GetUtcNow() - status.StalledSince!.Value, TimeSpan.FromMinutes(29), TimeSpan.FromHours(12));
        Assert.Contains("has stalled", Assert.Single(scenario.Warnings), StringComparison.Ordinal);

        // Hours later it is not reported again.
        for (var minute = 0; minute < 200; minute++)
            time.Advance(TimeSpan.FromMinutes(1));
        vault.Unlock();
        await UntilAsync(time, TimeSpan.FromMilliseconds(100), () => Task.FromResult(run.IsCompleted));
        Assert.Equal(BackupState.Succeeded, (await run).Status);
        Assert.Null((await StatusAsync(scenario)).StalledSince);
        Assert.Equal(["Running", "Succeeded"], hook.Received.Select(each => each.GetProperty("status").GetString()));
        Assert.True(hook.Received.First().TryGetProperty("stalledSince", out _));
        Assert.Contains("has stalled", hook.Received.First().GetProperty("text").GetString(), StringComparison.Ordinal);
        var log = await File.ReadAllTextAsync(scenario.Folder["home/logs/Test.jsonl"]);
        Assert.Equal((1, 1), (log.Split("\"RunStalled\"").Length - 1, log.Split("\"RunResumed\"").Length - 1));
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task A_pause_that_Microsoft_asks_for_is_shown_with_its_end_and_is_no_standing_still(int code)
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 5, 4, 2, 0, 0, TimeSpan.Zero));
        await using var scenario = await BackupScenario.StartAsync(s_sizes, sources: s_mail, time: time);
        var refused = new TaskCompletionSource();
        var asked = 0;
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (!answer.Path.Contains("/messages/delta", StringComparison.Ordinal) || Interlocked.Increment(ref asked) > 1)
                return;
            answer.Fail(code, "TooManyRequests");
            answer.Headers["Retry-After"] = "2700";
            refused.SetResult();
        });
        var texts = new ConcurrentQueue<string>();
        scenario.OnProgress = progress => texts.Enqueue(progress.Text);
        var run = Task.Run(() => scenario.RunAsync());
        await refused.Task;
        await UntilAsync(time, TimeSpan.FromSeconds(1), async () => (await StatusAsync(scenario)).WaitsUntil is not null);
        var until = (await StatusAsync(scenario)).WaitsUntil!.Value;
        Assert.InRange(until - time.GetUtcNow(), TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(45));
        await UntilAsync(time, TimeSpan.FromSeconds(20), () => Task.FromResult(time.GetUtcNow() >= until));
        await UntilAsync(time, TimeSpan.FromMilliseconds(100), () => Task.FromResult(run.IsCompleted));
        Assert.Equal(BackupState.Succeeded, (await run).Status);
        Assert.True(time.GetUtcNow() >= until);
        Assert.Empty(scenario.Warnings);
        Assert.Contains(texts, text => text.Contains("Microsoft 365 asks to wait until", StringComparison.Ordinal));
        Assert.Null((await StatusAsync(scenario)).WaitsUntil);
    }

    [Theory]
    [InlineData("mail")]
    [InlineData("file")]
    public async Task An_answer_that_never_ends_costs_the_run_one_item_and_not_the_night(string what)
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 5, 4, 2, 0, 0, TimeSpan.Zero));
        var sources = new SourceSettings { Mail = new MailSelection(), OneDrive = new DriveSelection() };
        var sizes = s_sizes with { FilesPerUser = 3, MaxFileBytes = 50_000 };
        await using var scenario = await BackupScenario.StartAsync(sizes, sources: sources, time: time);
        string? first = null;
        scenario.Tenant.ChangeAnswers(answer =>
        {
            var isBytes =
                what == "file"
                    ? answer.Path.StartsWith("/download/", StringComparison.Ordinal)
                    : answer.Path.EndsWith("/$value", StringComparison.Ordinal)
                        && answer.Path.Contains("/messages/", StringComparison.Ordinal);
            if (!isBytes)
                return;
            if (Interlocked.CompareExchange(ref first, answer.Path, null) is { } stuck && stuck != answer.Path)
                return;
            answer.SilentAfter = Math.Max(1, answer.Body.Length / 2);
        });
        var run = Task.Run(() => scenario.RunAsync());
        await UntilAsync(time, TimeSpan.FromSeconds(2), () => Task.FromResult(run.IsCompleted));
        var ended = await run;
        if (what == "mail")
            Assert.Single(ended.Failures);
        else
            Assert.Equal(BackupState.Succeeded, ended.Status); // Continued by range, half by half.
        scenario.Tenant.ChangeAnswers(null);
        time.Advance(TimeSpan.FromDays(30)); // What failed several times is not requested every night.
        var next = Task.Run(() => scenario.RunAsync());
        await UntilAsync(time, TimeSpan.FromMilliseconds(100), () => Task.FromResult(next.IsCompleted));
        Assert.Equal(BackupState.Succeeded, (await next).Status);
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    private static Task<BackupStatus> StatusAsync(BackupScenario scenario) => scenario.Engine.GetStatusAsync("Test", default);

    private static async Task UntilAsync(FakeTimeProvider time, TimeSpan step, Func<Task<bool>> condition)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!await condition())
        {
            time.Advance(step);
            await Task.Delay(10, deadline.Token);
        }
    }

    /// <summary>A vault that asks for its password at a terminal where no one sits.</summary>
    private sealed class LockedVault(ISecretStore inner, string name) : ISecretStore
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _unlocked = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Asked => _asked.Task;

        public void Unlock() => _unlocked.SetResult();

        public async Task<SecretValue> GetAsync(SecretReference reference, CancellationToken cancellationToken)
        {
            if (reference.Name == name)
            {
                _asked.TrySetResult();
                await _unlocked.Task.WaitAsync(cancellationToken);
            }

            return await inner.GetAsync(reference, cancellationToken);
        }
    }
}
