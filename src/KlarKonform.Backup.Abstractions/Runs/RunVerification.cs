namespace KlarKonform.Backup;

/// <summary>What the check after a run found. Sizes are in bytes.</summary>
public sealed record RunVerification
{
    /// <summary>Whether source and backup agree and the repository is in order. Only then a run is Succeeded.</summary>
    public bool IsClean => Mismatches.Count == 0 && Problems.Count == 0;

    /// <summary>Number of items at the sources, for the resources that were run.</summary>
    public long ItemsExpected { get; init; }

    /// <summary>Number of those items in the backup.</summary>
    public long ItemsStored { get; init; }

    /// <summary>Items about which both disagree. Items that failed are not included: the run lists those as failures.</summary>
    public IReadOnlyList<ItemMismatch> Mismatches { get; init; } = [];

    /// <summary>Number of packs that are at the storage with the size that the index says.</summary>
    public int PacksChecked { get; init; }

    /// <summary>Number of chunks that were drawn at random, read back from the storage, decrypted and hashed.</summary>
    public int SampleSize { get; init; }

    /// <summary>Number of chunks in the sample that are damaged.</summary>
    public int SampleFailures { get; init; }

    /// <summary>What is wrong with the repository, in the user's language.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];
}
