namespace KlarKonform.Backup.Chats;

/// <summary>The result of a seed's exports.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Exports">How many exports.</param>
/// <param name="Messages">How many messages they contain.</param>
/// <param name="Findings">What went wrong.</param>
/// <param name="Kinds">How many exports of each kind.</param>
public sealed record ChatCorpusResult(
    int Seed,
    int Exports,
    int Messages,
    IReadOnlyList<ChatFinding> Findings,
    IReadOnlyDictionary<string, int> Kinds
)
{
    /// <summary>How many findings of a kind.</summary>
    public int Count(ChatFault fault) => Findings.Count(finding => finding.Kind == fault);
}
