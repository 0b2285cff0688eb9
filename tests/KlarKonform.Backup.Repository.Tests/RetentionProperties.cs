using System.Globalization;
using System.Text.Json;
using CsCheck;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Json;
using KlarKonform.Backup.Repository.Retention;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Repository.Tests;

/// <summary>Retention decides like <c>restic forget --keep-*</c>: the stock program is asked about the same snapshots.</summary>
public sealed class RetentionProperties
{
    private const string Password = "geheim";

    private static readonly int[] s_offsets = [0, 60, 120, -480, 345];

    // Several in an hour, a day, a week; ends of months, leap years, time zones with odd offsets; gaps of years.
    private static readonly Gen<DateTimeOffset> s_time = Gen.Select(
        Gen.Int[0, 6 * 365],
        Gen.Int[0, 24 * 60 - 1],
        Gen.Int[0, 4],
        (day, minute, offset) =>
            new DateTimeOffset(new DateTime(2019, 12, 20).AddDays(day).AddMinutes(minute), TimeSpan.FromMinutes(s_offsets[offset]))
    );

    private static readonly Gen<DateTimeOffset[]> s_times = Gen.Select(
        s_time.Array[1, 12],
        Gen.Int[0, 25],
        Gen.Int[1, 60],
        (scattered, run, hours) =>
            scattered.Concat(Enumerable.Range(1, run).Select(number => scattered[0].AddHours(number * hours))).ToArray()
    );

    private static readonly Gen<KeepSpan> s_span = Gen.OneOf(
        Gen.Const(default(KeepSpan)),
        Gen.Select(
            Gen.Int[0, 2],
            Gen.Int[0, 14],
            Gen.Int[0, 40],
            Gen.Int[0, 30],
            (years, months, days, hours) => new KeepSpan(years, months, days, hours)
        )
    );
    private static readonly Gen<int> s_count = Gen.OneOf(Gen.Const(0), Gen.Int[1, 8]);

    private static readonly Gen<KeepRules> s_rules = Gen.Select(
        s_count.Array[6],
        s_span.Array[6],
        (counts, spans) =>
            new KeepRules
            {
                Last = counts[0],
                Hourly = counts[1],
                Daily = counts[2],
                Weekly = counts[3],
                Monthly = counts[4],
                Yearly = counts[5],
                Within = spans[0],
                WithinHourly = spans[1],
                WithinDaily = spans[2],
                WithinWeekly = spans[3],
                WithinMonthly = spans[4],
                WithinYearly = spans[5],
            }
    );

    /// <summary>Each with different snapshots and rules.</summary>
    public static TheoryData<string, uint> Programs =>
        [.. StockRestic.Versions.Select((version, number) => new TheoryDataRow<string, uint>(version, 20261126u + (uint)(number * 1000)))];

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task Decisions_on_any_snapshots_by_any_rules_are_those_of_the_stock_program(string version, uint seed)
    {
        for (var round = 0; round < 15; round++)
        {
            using var folder = new TemporaryFolder();
            await using var store = new FolderObjectStore(folder.Path);
            using var repository = await ResticRepository.InitializeAsync(store, Password, "user", "host", TimeProvider.System, default);
            var times = s_times.Single(_ => true, Seed(ref seed));
            var tree = BlobId.Of([(byte)round]).ToString();
            var ids = new Dictionary<string, DateTimeOffset>();
            foreach (var time in times.DistinctBy(time => time.UtcTicks))
            {
                var id = await repository.SaveSnapshotAsync(
                    new Snapshot
                    {
                        Time = NanoTime.From(time).ToString(),
                        Tree = tree,
                        Paths = ["/Test"],
                        Hostname = "tenant",
                    },
                    default
                );
                ids[id.ToString()] = time;
            }

            for (var policy = 0; policy < 3; policy++)
            {
                // Before 0.16 restic did not keep the oldest snapshot for a rule with an unused count.
                var rules = s_rules.Single(_ => true, Seed(ref seed)) with
                {
                    KeepsOldest = version != "0.14",
                };
                if (rules.IsEmpty)
                    rules = rules with { Daily = 3 };
                var kept = rules
                    .Apply(ids, pair => pair.Value, DateTimeOffset.UtcNow)
                    .Where(each => each.Reasons.Count > 0)
                    .Select(each => each.Snapshot.Key)
                    .Order()
                    .ToArray();
                Assert.Equal(Ask(version, folder.Path, rules), kept);
            }
        }
    }

    [Fact]
    public void Without_a_rule_everything_stays()
    {
        var times = Enumerable.Range(0, 5).Select(day => DateTimeOffset.UnixEpoch.AddDays(day)).ToArray();
        Assert.All(new KeepRules().Apply(times, time => time, DateTimeOffset.UtcNow), each => Assert.NotEmpty(each.Reasons));
    }

    [Fact]
    public void A_rule_with_counts_left_keeps_the_beginning_of_a_history()
    {
        var times = new[] { 1, 2, 3 }.Select(hour => DateTimeOffset.UnixEpoch.AddHours(hour)).ToArray();
        Assert.Equal(
            [true, false, true],
            new KeepRules { Yearly = 5 }
                .Apply(times, time => time, DateTimeOffset.UtcNow)
                .Select(each => each.Reasons.Count > 0)
        );
    }

    [Fact]
    public void More_of_a_rule_never_keeps_less() =>
        Gen.Select(s_times, s_rules, Gen.Int[1, 5])
            .Sample(
                (times, rules, more) =>
                {
                    HashSet<DateTimeOffset> Kept(KeepRules each) =>
                        [
                            .. each.Apply(times, time => time, DateTimeOffset.UtcNow)
                                .Where(decision => decision.Reasons.Count > 0)
                                .Select(decision => decision.Snapshot),
                        ];
                    rules = rules with { Last = rules.Last + 1 };
                    Assert.Subset(Kept(rules with { Last = rules.Last + more, Daily = rules.Daily + more }), Kept(rules));
                    Assert.Contains(times.Max(), Kept(rules));
                }
            );

    private static string[] Ask(string version, string repository, KeepRules rules)
    {
        var arguments = new List<string> { "forget", "--dry-run", "--json", "--no-lock" };
        foreach (
            var (name, count) in ((string, int)[])
                [
                    ("last", rules.Last),
                    ("hourly", rules.Hourly),
                    ("daily", rules.Daily),
                    ("weekly", rules.Weekly),
                    ("monthly", rules.Monthly),
                    ("yearly", rules.Yearly),
                ]
        )
        {
            if (count > 0)
                arguments.AddRange([$"--keep-{name}", count.ToString(CultureInfo.InvariantCulture)]);
        }

        foreach (
            var (name, span) in ((string, KeepSpan)[])
                [
                    ("", rules.Within),
                    ("-hourly", rules.WithinHourly),
                    ("-daily", rules.WithinDaily),
                    ("-weekly", rules.WithinWeekly),
                    ("-monthly", rules.WithinMonthly),
                    ("-yearly", rules.WithinYearly),
                ]
        )
        {
            if (!span.IsZero)
                arguments.AddRange([$"--keep-within{name}", span.ToString()]);
        }

        using var answer = JsonDocument.Parse(Peers.Restic(version, repository, Password).Run([.. arguments]).Split('\n')[0]);
        return
        [
            .. answer
                .RootElement.EnumerateArray()
                .SelectMany(group => group.GetProperty("keep").EnumerateArray())
                .Select(snapshot => snapshot.GetProperty("id").GetString()!)
                .Order(),
        ];
    }

    private static string Seed(ref uint seed)
    {
        var random = new Random((int)seed++);
        return new PCG((uint)random.Next(), (ulong)random.NextInt64()).ToString();
    }
}
