using System.Globalization;

namespace KlarKonform.Backup.Benchmarks.Drives;

/// <summary>
/// Rounds in which every contestant backs up, backs up unchanged data, and restores, in turn and in a different order each round.
/// </summary>
internal sealed class DriveComparison(string folder, Rclone rclone, IReadOnlyList<IDriveContestant> contestants)
{
    private readonly Dictionary<(string Contestant, string What), List<Measurement>> _measured = [];

    /// <summary>A first round that does not count: it makes the tenant compute its hashes.</summary>
    public void WarmUp()
    {
        Round(0);
        _measured.Clear();
    }

    public void Run(int rounds)
    {
        for (var round = 1; round <= rounds; round++)
            Round(round);
    }

    public double Wall(string contestant, string what) => Median.Of(_measured[(contestant, what)], each => each.Wall);

    public double Peak(string contestant, string what) => _measured[(contestant, what)].Max(each => each.PeakMiB);

    private void Round(int round)
    {
        for (var turn = 0; turn < contestants.Count; turn++)
        {
            var contestant = contestants[(round + turn) % contestants.Count];
            var place = $"{contestant.Name.Replace(' ', '-')}-{round}";
            var destination = Path.Combine(folder, $"restored-{place}");
            var first = Note(contestant, "first", contestant.First(place));
            var again = Note(contestant, "again", contestant.Again(place));
            var restore = Note(contestant, "restore", contestant.Restore(place, destination));
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"round {round}, {contestant.Name}: first {Text(first)}, unchanged {Text(again)}, restore {Text(restore)}"
                )
            );
            RequireWhole(destination);
            Directory.Delete(destination, recursive: true);
            contestant.Clean(place);
            rclone.Purge(Rclone.Store(place));
        }
    }

    private Measurement Note(IDriveContestant contestant, string what, Measurement measurement)
    {
        if (!_measured.TryGetValue((contestant.Name, what), out var all))
            _measured[(contestant.Name, what)] = all = [];
        all.Add(measurement);
        return measurement;
    }

    private static string Text(Measurement each) =>
        string.Create(CultureInfo.InvariantCulture, $"{each.Wall:0.0} s (CPU {each.Cpu:0.0} s, peak {each.PeakMiB:0} MiB)");

    // Tests judge the bytes; here it only matters that no contestant is fast by leaving something out.
    private static void RequireWhole(string destination)
    {
        var files = new DirectoryInfo(destination)
            .EnumerateFiles("*", SearchOption.AllDirectories)
            .Where(file => file.Name.StartsWith(DriveTenant.FilePrefix, StringComparison.Ordinal))
            .ToArray();
        var bytes = files.Sum(file => file.Length);
        if (files.Length != DriveTenant.Files || Math.Abs(bytes - DriveTenant.Bytes) > DriveTenant.Files)
            throw new InvalidOperationException(
                $"{files.Length} files of {bytes} bytes were restored instead of {DriveTenant.Files} of {DriveTenant.Bytes}."
            );
    }
}
