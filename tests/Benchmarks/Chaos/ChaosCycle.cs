namespace KlarKonform.Backup.Benchmarks.Chaos;

/// <summary>The result of one cycle: a disturbed run, the run after it, and the verdict of the judges.</summary>
/// <param name="Storage"><c>s3</c> or <c>sftp</c>.</param>
/// <param name="Fault">What was done to the run.</param>
internal sealed record ChaosCycle(string Storage, string Fault)
{
    /// <summary>The share of an undisturbed run after which it happened.</summary>
    public double At { get; init; }

    /// <summary>Whether the run was in progress when it happened.</summary>
    public bool WasHit { get; init; } = true;

    /// <summary>Whether the disturbed run itself succeeded.</summary>
    public bool Survived { get; init; }

    /// <summary>Whether the run after it, or the disturbed one itself, succeeded.</summary>
    public bool Completed { get; init; }

    public bool ElsewhereContinued { get; init; }

    public int Lost { get; init; }

    public int Doubled { get; init; }

    public bool CheckFailed { get; init; }

    /// <summary>Bytes of content in the tenant.</summary>
    public long Needed { get; init; }

    /// <summary>Bytes of content that were served more than once.</summary>
    public long Twice { get; init; }

    /// <summary>Of these, bytes of items that had been read to their end; the others were in progress.</summary>
    public long TwiceWhole { get; init; }

    public string Remark { get; init; } = "";

    public bool IsGood => Completed && Lost == 0 && Doubled == 0 && !CheckFailed;
}
