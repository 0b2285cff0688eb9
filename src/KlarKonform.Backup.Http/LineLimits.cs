namespace KlarKonform.Backup.Http;

/// <summary>How long to wait on a silent line. A line that moves, however slowly, is not silent.</summary>
public sealed record LineLimits
{
    /// <summary>
    /// From the last byte sent to the headers of the response; connecting and proxy included. A large body gets more time, because the
    /// operating system may hold back its end. Two minutes: Microsoft's gateways give up earlier themselves, even for a batch.
    /// </summary>
    public TimeSpan Headers { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>While a reader waits inside a body. Time in which the reader is busy elsewhere does not count.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>For Microsoft's and Meta's services.</summary>
    public static LineLimits Default { get; } = new();

    /// <summary>For storage: assembling a large object may take some minutes without a byte in between.</summary>
    public static LineLimits Storage { get; } = new() { Headers = TimeSpan.FromMinutes(5) };
}
