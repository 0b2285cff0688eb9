namespace KlarKonform.Backup.Benchmarks.Workers;

/// <summary>What a worker reports at its end.</summary>
/// <param name="Status">The run's state.</param>
/// <param name="Snapshot">The snapshot that all shards were merged into.</param>
/// <param name="Items">Items downloaded, by this worker or, if it merged, by all.</param>
/// <param name="HasMerged">Whether it merged and verified.</param>
/// <param name="Notes">The notes for the admin.</param>
internal sealed record WorkerOutcome(string Status, string? Snapshot, long Items, bool HasMerged, IReadOnlyList<string> Notes);
