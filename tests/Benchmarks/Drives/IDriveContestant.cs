namespace KlarKonform.Backup.Benchmarks.Drives;

/// <summary>A way to keep a drive in an S3 bucket.</summary>
internal interface IDriveContestant
{
    string Name { get; }

    /// <summary>Everything, into an empty place of the round's name.</summary>
    Measurement First(string round);

    /// <summary>The same once more, with nothing changed.</summary>
    Measurement Again(string round);

    /// <summary>Everything back into a folder.</summary>
    Measurement Restore(string round, string destination);

    /// <summary>Removes what the round left on this machine. The bucket's part is the caller's.</summary>
    void Clean(string round);
}
