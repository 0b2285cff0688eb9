namespace KlarKonform.Backup.Http;

/// <summary>How long a silent line is waited for. What moves, however slowly, is not silent.</summary>
public sealed record LineLimits
{
    /// <summary>
    /// From the last byte that was sent to the headers of the answer; connecting and proxy included. A large body has more time, because the
    /// operating system may hold the end of it back. Two minutes: Microsoft's gateways give up earlier themselves, a batch too.
    /// </summary>
    public TimeSpan Headers { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>While a reader waits inside a body. A reader that is busy elsewhere does not count.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>For services of Microsoft and Meta.</summary>
    public static LineLimits Default { get; } = new();

    /// <summary>For storage: putting a large object together may take some minutes without a byte between.</summary>
    public static LineLimits Storage { get; } = new() { Headers = TimeSpan.FromMinutes(5) };
}
