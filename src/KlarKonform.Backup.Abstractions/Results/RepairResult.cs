namespace KlarKonform.Backup;

/// <summary>What a repair of the index found.</summary>
/// <param name="Configuration">The configuration's name.</param>
/// <param name="Packs">Packs in the new index.</param>
/// <param name="UnreadablePacks">Packs whose header cannot be read; what they hold is lost unless it lies elsewhere too.</param>
public sealed record RepairResult(string Configuration, int Packs, IReadOnlyList<string> UnreadablePacks);
