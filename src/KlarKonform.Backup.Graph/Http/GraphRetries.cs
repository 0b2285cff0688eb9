using System.Globalization;
using System.Text.Json;

namespace KlarKonform.Backup.Graph.Http;

/// <summary>
/// Whether a failed request is worth another attempt, and after which pause. It only decides: the sender waits, and knows who else has to.
/// Thread-safe if <paramref name="random"/> is.
/// </summary>
/// <param name="random">Jitter.</param>
internal sealed class GraphRetries(Random random)
{
    // A nightly backup should wait rather than fail. If Graph asks for a longer pause than this, the error is reported and the next run
    // continues.
    private static readonly TimeSpan s_longestPause = TimeSpan.FromHours(1);
    private static readonly TimeSpan s_longestBackoff = TimeSpan.FromMinutes(5);

    // If the connection worked a moment ago, retry for a few minutes, often enough to notice quickly when it is back.
    private const int LineAttempts = 14;
    private static readonly TimeSpan s_longestLinePause = TimeSpan.FromSeconds(20);

    // For responses that arrive completely but are unusable.
    private const int BrokenAttempts = 3;

    private volatile bool _hasWorked;

    /// <summary>Whether a refusal is temporary, and short enough to wait for.</summary>
    public static bool IsWorthAnother(GraphException failure) =>
        failure.Kind is GraphErrorKind.Throttled or GraphErrorKind.Unreachable && !(failure.RetryAfter > s_longestPause);

    /// <summary>Whether a pause that the service asks for is one, and short enough to wait for.</summary>
    public static bool IsAcceptable(TimeSpan pause) => pause > TimeSpan.Zero && pause <= s_longestPause;

    /// <summary>How long a response asks to wait: in seconds, in fractions of them in older responses, or until a date.</summary>
    public static TimeSpan? RetryAfter(HttpResponseMessage response, DateTimeOffset now)
    {
        if (response.Headers.RetryAfter is { } after)
            return after.Delta ?? (after.Date - now);
        return
            response.Headers.TryGetValues("Retry-After", out var values)
            && double.TryParse(values.First(), NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)
            ? TimeSpan.FromSeconds(seconds)
            : null;
    }

    /// <summary>Notes that the connection works: from now on, one that is lost is waited for.</summary>
    public void ConnectionWorks() => _hasWorked = true;

    /// <summary>The pause before a request is sent again, or null if its failure is the result.</summary>
    /// <param name="failure">What became of the attempt.</param>
    /// <param name="request">Creations are not repeated if it is unknown whether they were carried out.</param>
    /// <param name="attempt">Counts from 1.</param>
    public TimeSpan? PauseAfter(GraphException failure, GraphRequest request, int attempt) =>
        request.IsCreation && failure.Kind == GraphErrorKind.Unreachable ? null : PauseAfter(failure, request.MaxAttempts, attempt);

    /// <summary>The pause before the next attempt, or null if the failure is the result.</summary>
    /// <param name="failure">What became of the attempt.</param>
    /// <param name="maxAttempts">The number of attempts while the connection works.</param>
    /// <param name="attempt">Counts from 1.</param>
    public TimeSpan? PauseAfter(GraphException failure, int maxAttempts, int attempt) =>
        IsWorthAnother(failure) && attempt < AttemptsAfter(failure, maxAttempts) ? Pause(failure, attempt) : null;

    /// <summary>The pause before a request is sent again whose response had a good status and was unusable, or null.</summary>
    /// <param name="failure">What was wrong with its body.</param>
    /// <param name="request">Creations are not repeated: this one was carried out.</param>
    /// <param name="attempt">Counts from 1.</param>
    public TimeSpan? PauseAfterBroken(Exception failure, GraphRequest request, int attempt)
    {
        var attempts = failure switch
        {
            // What is not JSON will usually not be JSON the next time either.
            JsonException => Math.Min(BrokenAttempts, request.MaxAttempts),
            // An error inside a success.
            GraphException inside when IsWorthAnother(inside) => Math.Min(BrokenAttempts, request.MaxAttempts),
            IOException or HttpRequestException => request.MaxAttempts,
            _ => 0,
        };
        return attempt < attempts && !request.IsCreation ? Backoff(attempt) : null;
    }

    /// <summary>
    /// The number of attempts after such a failure: a service that keeps refusing one thing is not asked for ever, a lost connection is
    /// waited for. A silent one has already been waited for.
    /// </summary>
    /// <param name="failure">One without a response is a lost connection.</param>
    /// <param name="normal">The number of attempts while the connection works.</param>
    public int AttemptsAfter(Exception failure, int normal) =>
        failure is HttpRequestException or GraphException { Kind: GraphErrorKind.Unreachable, Status: null }
        && _hasWorked
        && !WasSilent(failure)
            ? Math.Max(normal, LineAttempts)
            : normal;

    /// <summary>
    /// The pause after a refusal that is worth another attempt: as long as Graph asks for, otherwise growing. Short on a lost connection.
    /// </summary>
    public TimeSpan Pause(GraphException failure, int attempt)
    {
        var pause = failure.RetryAfter is { } wish && wish > TimeSpan.Zero ? wish : Backoff(attempt);
        return failure.Status is null ? ForLine(pause) : pause;
    }

    /// <summary>Doubling from half a second, with jitter.</summary>
    public TimeSpan Backoff(int attempt)
    {
        var pause = TimeSpan.FromSeconds(0.5 * Math.Pow(2, attempt - 1) * (0.5 + (random.NextDouble() / 2)));
        return pause < s_longestBackoff ? pause : s_longestBackoff;
    }

    /// <summary>As <see cref="Backoff"/>, but short enough to notice soon that the connection is back.</summary>
    public TimeSpan LineBackoff(int attempt) => ForLine(Backoff(attempt));

    private static TimeSpan ForLine(TimeSpan pause) => pause < s_longestLinePause ? pause : s_longestLinePause;

    private static bool WasSilent(Exception? failure)
    {
        for (; failure is not null; failure = failure.InnerException)
        {
            if (failure is TimeoutException)
                return true;
        }

        return false;
    }
}
