using KlarKonform.Backup.Repository.Checking;
using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Engine.Runs.Verification;

/// <summary>What the check of the repository found.</summary>
/// <param name="Problems">What is wrong.</param>
/// <param name="Files">Which packs and index files exist now.</param>
/// <param name="PacksChecked">Packs whose presence and size were compared with the index.</param>
/// <param name="SampleSize">Chunks that were read back.</param>
/// <param name="SampleFailures">Problems that the sample found.</param>
internal sealed record StorageVerification(
    IReadOnlyList<CheckProblem> Problems,
    FileSetDigest Files,
    int PacksChecked,
    int SampleSize,
    int SampleFailures
);
