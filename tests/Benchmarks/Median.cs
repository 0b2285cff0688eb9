namespace KlarKonform.Backup.Benchmarks;

/// <summary>The middle value; for an even number of values the mean of the two in the middle.</summary>
internal static class Median
{
    public static double Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    public static double Of(IEnumerable<Measurement> all, Func<Measurement, double> value) => Of(all.Select(value));
}
