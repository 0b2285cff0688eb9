using System.Globalization;
using System.Text.Json;

namespace KlarKonform.Backup.Benchmarks.Repositories;

/// <summary>
/// Backup and restore of two data sets, alternating with the stock restic, both without a cache, to a folder. The results are ratios,
/// because machines differ and are shared.
/// </summary>
internal static class RepositoryBenchmark
{
    private static readonly Dictionary<string, string> s_environment = new() { ["RESTIC_PASSWORD"] = FolderCopy.Password };

    private static readonly string[] s_figures = ["wall", "cpu", "memory", "size", "restore"];

    public static Task<int> RunAsync(int runs)
    {
        var work = Directory.CreateTempSubdirectory("klarkonform-benchmark-").FullName;
        try
        {
            var ratios = new SortedDictionary<string, double?>();
            var failed = false;
            Console.WriteLine($"{"set", -6} {"what", -8} {"ours", 10} {"restic", 10} {"ratio", 7}");
            foreach (var (name, make) in new (string, Action<string>)[] { ("Big", MakeBig), ("Small", MakeSmall) })
            {
                var source = Path.Combine(work, "source-" + name);
                Directory.CreateDirectory(source);
                make(source);

                // A failed comparison is null, never left out; the other data set is measured nevertheless.
                foreach (var what in s_figures)
                    ratios[what + name] = null;
                var set = Path.Combine(work, name);
                Directory.CreateDirectory(set);
                try
                {
                    Compare(name, source, set, runs, ratios);
                }
                catch (Exception exception)
                    when (exception is InvalidOperationException or IOException or System.ComponentModel.Win32Exception)
                {
                    Console.Error.WriteLine($"{name}: {exception.Message}");
                    failed = true;
                }

                Directory.Delete(source, recursive: true);
            }

            Console.WriteLine(JsonSerializer.Serialize(ratios));
            return Task.FromResult(failed ? 1 : 0);
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    private static void Compare(string name, string source, string work, int runs, SortedDictionary<string, double?> ratios)
    {
        var (ours, theirs) = (new List<Measurement>(), new List<Measurement>());
        var (ourRestores, theirRestores) = (new List<Measurement>(), new List<Measurement>());
        var (ourSize, theirSize) = (0L, 0L);
        string[] self = [typeof(RepositoryBenchmark).Assembly.Location];
        for (var run = 0; run < runs; run++)
        {
            var (mine, yours) = (Path.Combine(work, "ours"), Path.Combine(work, "restic"));
            Restic(mine, "init");
            Restic(yours, "init");

            // Alternating, and every other time in the other order, so that neither always gets the warmer cache.
            Action[] backups =
            [
                () => ours.Add(Measurement.Of("dotnet", [.. self, "backup", mine, source], s_environment)),
                () => theirs.Add(Restic(yours, "backup", source)),
            ];
            Action[] restores =
            [
                () => ourRestores.Add(Measurement.Of("dotnet", [.. self, "restore", mine, Path.Combine(work, "out-ours")], s_environment)),
                () => theirRestores.Add(Restic(yours, "restore", "latest", "--target", Path.Combine(work, "out-restic"))),
            ];
            foreach (var actions in (Action[][])[backups, restores])
            {
                foreach (var action in run % 2 == 0 ? actions : actions.Reverse())
                    action();
            }

            (ourSize, theirSize) = (SizeOf(mine), SizeOf(yours));
            if (run == 0)
            {
                Restic(mine, "check", "--read-data");
                RequireEqual(source, Path.Combine(work, "out-ours"));
            }

            foreach (var folder in (string[])["ours", "restic", "out-ours", "out-restic"])
                Directory.Delete(Path.Combine(work, folder), recursive: true);
        }

        void Row(string what, string key, double mine, double yours)
        {
            var ratio = yours > 0 ? mine / yours : (double?)null;
            ratios[key + name] = ratio is null ? null : Math.Round(ratio.Value, 3);
            Console.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"{name, -6} {what, -8} {mine, 10:F2} {yours, 10:F2} {ratio, 7:F2}")
            );
        }

        Row("wall s", "wall", Median.Of(ours, each => each.Wall), Median.Of(theirs, each => each.Wall));
        Row("cpu s", "cpu", Median.Of(ours, each => each.Cpu), Median.Of(theirs, each => each.Cpu));
        Row("peak MiB", "memory", Median.Of(ours, each => each.PeakMiB), Median.Of(theirs, each => each.PeakMiB));
        Row("size MiB", "size", ourSize / 1048576.0, theirSize / 1048576.0);
        Row("restore", "restore", Median.Of(ourRestores, each => each.Wall), Median.Of(theirRestores, each => each.Wall));
    }

    // 1 GiB of random 4 MiB files.
    private static void MakeBig(string folder)
    {
        var random = new Random(1);
        var bytes = new byte[4 << 20];
        for (var i = 0; i < 256; i++)
        {
            random.NextBytes(bytes);
            File.WriteAllBytes(Path.Combine(folder, $"file{i:D3}.bin"), bytes);
        }
    }

    // 50,000 semi-compressible files of 4–26 KiB: random words from a small vocabulary with random bytes between them.
    private static void MakeSmall(string folder)
    {
        var random = new Random(2);
        var words = Enumerable
            .Range(0, 2000)
            .Select(_ =>
            {
                var word = new byte[random.Next(3, 12)];
                random.NextBytes(word);
                return word;
            })
            .ToArray();
        var bytes = new byte[26 * 1024];
        for (var i = 0; i < 50_000; i++)
        {
            var length = random.Next(4 * 1024, 26 * 1024);
            for (var at = 0; at < length; )
            {
                var word = words[random.Next(words.Length)];
                var count = Math.Min(word.Length, length - at);
                word.AsSpan(0, count).CopyTo(bytes.AsSpan(at));
                at += count;
            }

            var sub = Path.Combine(folder, $"{i / 1000:D2}");
            Directory.CreateDirectory(sub);
            using var stream = File.Create(Path.Combine(sub, $"file{i:D5}.txt"));
            stream.Write(bytes, 0, length);
        }
    }

    private static Measurement Restic(string repository, params string[] arguments) =>
        Measurement.Of("restic", ["-r", repository, "--no-cache", "-q", .. arguments], s_environment);

    private static long SizeOf(string folder) =>
        new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);

    private static void RequireEqual(string expected, string found)
    {
        var files = Directory.EnumerateFiles(expected, "*", SearchOption.AllDirectories).ToArray();
        if (
            files.Length != Directory.EnumerateFiles(found, "*", SearchOption.AllDirectories).Count()
            || files.Any(file =>
                !File.ReadAllBytes(file).SequenceEqual(File.ReadAllBytes(Path.Combine(found, Path.GetRelativePath(expected, file))))
            )
        )
            throw new InvalidOperationException("What was restored differs from its source.");
    }
}
