namespace KlarKonform.Backup.Engine.Sources.Shapes;

/// <summary>How an entry compares with what it should be.</summary>
/// <param name="Wrong">Properties that are missing, null or of another kind though they never are.</param>
/// <param name="Doubtful">Properties whose value is possible and unlikely: a date far away, a word that nobody knows, a text cut in a character.</param>
internal sealed record Verdict(IReadOnlyList<string> Wrong, IReadOnlyList<string> Doubtful)
{
    /// <summary>As it should be.</summary>
    public static Verdict Sound { get; } = new([], []);

    /// <summary>Whether it is worth another question.</summary>
    public bool IsOdd => Wrong.Count + Doubtful.Count > 0;
}
