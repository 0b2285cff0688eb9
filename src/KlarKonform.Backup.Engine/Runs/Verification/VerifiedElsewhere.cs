using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Engine.Runs.Verification;

/// <summary>What other workers have done for a run whose snapshot is being verified.</summary>
/// <param name="Files">Packs and index files that they wrote, or null if they were not all counted.</param>
/// <param name="Trees">Trees that they have verified, with everything below them.</param>
internal sealed record VerifiedElsewhere(FileSetDigest? Files, IReadOnlyCollection<BlobId> Trees)
{
    /// <summary>There are no other workers.</summary>
    public static VerifiedElsewhere None { get; } = new(default(FileSetDigest), []);
}
