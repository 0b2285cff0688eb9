namespace KlarKonform.Backup.Benchmarks.Chaos;

/// <summary>How a run ended.</summary>
internal sealed record ChaosOutcome(string Status, bool Verified, long Items, long Bytes, string[] Failures, string[] Notes)
{
    public bool IsGood => Status == "Succeeded" && Verified;

    public override string ToString() => $"{Status} {string.Join("; ", Failures)} {string.Join("; ", Notes)}";
}
