namespace KlarKonform.Backup.DemoTenant.Model;

/// <summary>Graph's recurrence: pattern and range.</summary>
public sealed record DemoRecurrence(string Type, int Interval, IReadOnlyList<string> Days, string Range, DateOnly Start)
{
    public int DayOfMonth { get; init; }

    public int Month { get; init; }

    public string Index { get; init; } = "first";

    public int Count { get; init; }

    public DateOnly End { get; init; } = new(1, 1, 1);
}
