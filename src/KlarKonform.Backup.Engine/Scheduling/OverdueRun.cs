using System.Globalization;
using KlarKonform.Backup.Engine.Configuration;
using KlarKonform.Backup.Engine.Journal;

namespace KlarKonform.Backup.Engine.Scheduling;

/// <summary>
/// Distinguishes a run that is merely still active from one that has lasted longer than its schedule's interval. The first does not make
/// the next run fail; the second may hang, and every night that is skipped because of it is a night without a backup.
/// </summary>
internal sealed class OverdueRun(BackupConfiguration configuration, BackupHome home, RunJournal journal, TimeProvider time)
{
    // Timers start within a minute of their time, and it takes some seconds until a run is recorded: the second start is a little less than
    // an interval after the first.
    private static readonly TimeSpan s_jitter = TimeSpan.FromMinutes(5);

    // People are told once a day that a run hangs, however often the schedule finds it.
    private static readonly TimeSpan s_tellAgain = TimeSpan.FromDays(1);

    /// <summary>The time between two starts of a schedule; null if it starts fewer than two more times.</summary>
    public static TimeSpan? Interval(ScheduleSettings schedule, DateTimeOffset from)
    {
        var cron = CronSchedule.Of(schedule);
        return cron.Next(from) is { } first && cron.Next(first) is { } second ? second - first : null;
    }

    /// <summary>Whether a run that began at that time has lasted for its schedule's interval or longer.</summary>
    public static bool Is(ScheduleSettings schedule, DateTimeOffset since, DateTimeOffset now) =>
        Interval(schedule, since) is { } interval
        && now - since >= interval - TimeSpan.FromTicks(Math.Min(s_jitter.Ticks, interval.Ticks / 10));

    /// <summary>The error to raise: the refusal itself, or one that says that the other run has lasted too long.</summary>
    /// <param name="refusal">Why this run cannot start.</param>
    /// <param name="tell">Notifies people.</param>
    /// <param name="cancellationToken">Cancels the check.</param>
    public async Task<BackupException> JudgeAsync(
        BackupException refusal,
        Func<BackupException, Task> tell,
        CancellationToken cancellationToken
    )
    {
        var other = await journal.NewestAsync(configuration.Id, cancellationToken);
        var since =
            refusal.Since ?? (other is { Status: BackupState.Running } ? other.Started : RunClaim.Since(home.Runs(configuration.Id)));
        if (configuration.Schedule is not { } schedule || since is not { } began || !Is(schedule, began, time.GetUtcNow()))
            return refusal;
        var overdue = new BackupException(
            ErrorIds.RunOverdue,
            BackupErrorCategory.OperationTimeout,
            configuration.Name,
            configuration.Name,
            began.ToLocalTime(),
            HumanText.Duration(time.GetUtcNow() - began),
            refusal.Message
        )
        {
            Since = began,
        };
        if (await IsNewsAsync(began, cancellationToken))
            await tell(overdue);
        return overdue;
    }

    // A small file next to the journal records when people were told, and of which run.
    private async Task<bool> IsNewsAsync(DateTimeOffset since, CancellationToken cancellationToken)
    {
        var file = Path.Combine(home.Runs(configuration.Id), "overdue.txt");
        var now = time.GetUtcNow();
        try
        {
            if (
                File.Exists(file)
                && (await File.ReadAllTextAsync(file, cancellationToken)).Split(' ') is [var of, var told]
                && of == Mark(since)
                && DateTimeOffset.TryParse(told, CultureInfo.InvariantCulture, out var when)
                && (now - when).Duration() < s_tellAgain - s_jitter
            )
                return false;
            await BackupHome.WriteAsync(file, System.Text.Encoding.UTF8.GetBytes($"{Mark(since)} {Mark(now)}"), cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or BackupException)
        {
            // Better told twice than not at all.
        }

        return true;
    }

    private static string Mark(DateTimeOffset moment) => moment.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
}
