namespace KlarKonform.Backup.Benchmarks.Drives;

/// <summary>A way to keep a drive in an S3 bucket.</summary>
internal interface IDriveContestant
{
    string Name { get; }

    /// <summary>Backs up everything, to an empty place named after the round.</summary>
    Measurement First(string round);

    /// <summary>Backs up the same again, with nothing changed.</summary>
    Measurement Again(string round);

    /// <summary>Restores everything to a folder.</summary>
    Measurement Restore(string round, string destination);

    /// <summary>Removes what the round left on this machine. The bucket is the caller's task.</summary>
    void Clean(string round);
}
