namespace KlarKonform.Backup.Engine.Sources.Shapes;

/// <summary>How an entry compares with what it should be.</summary>
/// <param name="Wrong">Properties that are missing, null or of another type, although they never should be.</param>
/// <param name="Doubtful">Properties whose value is possible but unlikely: a remote date, an unknown word, a text cut within a
/// character.</param>
internal sealed record Verdict(IReadOnlyList<string> Wrong, IReadOnlyList<string> Doubtful)
{
    /// <summary>Everything as it should be.</summary>
    public static Verdict Sound { get; } = new([], []);

    /// <summary>Whether it is worth another request.</summary>
    public bool IsOdd => Wrong.Count + Doubtful.Count > 0;
}
