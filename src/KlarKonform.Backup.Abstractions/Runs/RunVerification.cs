namespace KlarKonform.Backup;

/// <summary>What the check after a run found. Sizes in bytes.</summary>
public sealed record RunVerification
{
    /// <summary>Whether source and backup agree and the repository is in order. Only then a run is Succeeded.</summary>
    public bool IsClean => Mismatches.Count == 0 && Problems.Count == 0;

    /// <summary>Items that the sources have, of the resources that were run.</summary>
    public long ItemsExpected { get; init; }

    /// <summary>Items that the backup has of them.</summary>
    public long ItemsStored { get; init; }

    /// <summary>Items of which both disagree. Items that failed are not among them: the run names those as failures.</summary>
    public IReadOnlyList<ItemMismatch> Mismatches { get; init; } = [];

    /// <summary>Packs that are at the storage with the size that the index says.</summary>
    public int PacksChecked { get; init; }

    /// <summary>Pieces that were drawn at random, read back from the storage, decrypted and hashed.</summary>
    public int SampleSize { get; init; }

    /// <summary>Pieces of the sample that are damaged.</summary>
    public int SampleFailures { get; init; }

    /// <summary>What is wrong with the repository, in the user's language.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];
}
