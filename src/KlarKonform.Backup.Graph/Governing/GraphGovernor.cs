using System.Collections.Concurrent;
using System.Globalization;

namespace KlarKonform.Backup.Graph.Governing;

/// <summary>
/// Keeps requests within Microsoft's limits, one scope at a time: a throttled mailbox does not delay others. One instance serves all
/// requests of one app in one tenant. Thread-safe.
/// </summary>
public sealed class GraphGovernor(TimeProvider time) : IDisposable
{
    // Above this share of its quota the directory warns in x-ms-throttle-limit-percentage.
    private const double DirectoryWarningShare = 0.8;

    // Share of RateLimit-Limit; below it the next requests would be refused.
    private const double NearlyNothing = 0.02;

    private readonly ConcurrentDictionary<GraphScope, ScopeGate> _gates = new();
    private readonly ConcurrentDictionary<string, SlidingQuota> _uploads = new();
    private readonly ConcurrentDictionary<object, DateTimeOffset> _pauses = new();
    private readonly object _tenantLock = new();
    private (int Users, int Licences)? _tenant;
    private volatile int _workers = 1;

    /// <summary>Waits until the scope admits a request. Dispose the result once the response has been read to its end.</summary>
    /// <param name="scope">What the request counts against.</param>
    /// <param name="places">How many concurrent requests it counts as: a batch is more than one.</param>
    /// <param name="cost">Its cost in units.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    public Task<IDisposable> EnterAsync(GraphScope scope, int places, int cost, CancellationToken cancellationToken) =>
        Gate(scope).EnterAsync(scope.Resource, places, cost, cancellationToken);

    /// <summary>
    /// When the first of the requests that wait because Microsoft asked for it continues, or a new one would; null if none waits. For
    /// monitoring: nothing is stuck meanwhile.
    /// </summary>
    public DateTimeOffset? WaitsUntil
    {
        get
        {
            var waits = _gates.Values.Select(gate => gate.WaitsUntil).Concat(_pauses.Values.Select(until => (DateTimeOffset?)until));
            return waits.Min();
        }
    }

    /// <summary>Waits as long as Graph asked of a single request.</summary>
    internal async Task PauseAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        var key = new object();
        _pauses[key] = time.GetUtcNow() + pause;
        try
        {
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _pauses.TryRemove(key, out _);
        }
    }

    /// <summary>Waits until this many bytes may be written to a mailbox. Writing to drives is only limited by requests.</summary>
    /// <param name="scope">The mailbox.</param>
    /// <param name="bytes">Bytes to be sent.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    public async Task WriteAsync(GraphScope scope, long bytes, CancellationToken cancellationToken)
    {
        if (scope.Service != GraphService.Outlook)
            return;
        var quota = _uploads.GetOrAdd(scope.Resource, _ => ServiceLimits.MailboxUploads());
        while (true)
        {
            TimeSpan wait;
            lock (quota)
            {
                wait = quota.TimeToWait(time.GetUtcNow(), bytes);
                if (wait <= TimeSpan.Zero)
                {
                    quota.Take(time.GetUtcNow(), bytes);
                    return;
                }
            }

            await Task.Delay(wait + TimeSpan.FromMilliseconds(1), time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Blocks the scope for a time, as requested by <c>Retry-After</c>, and reduces its concurrency afterwards.</summary>
    public void Throttled(GraphScope scope, TimeSpan duration)
    {
        Gate(scope).Complained();
        Gate(scope).Pause(duration);
    }

    /// <summary>Learns from a response that was not a refusal: the limits in its headers.</summary>
    public void Answered(GraphScope scope, HttpResponseMessage response)
    {
        var gate = Gate(scope);
        gate.Answered();
        switch (scope.Service)
        {
            // RateLimit-*: IETF draft 03, sent by SharePoint when a good part of the minute's units has been used.
            case GraphService.SharePoint when Number(response, "RateLimit-Limit") is > 0 and { } limit:
                gate.SetUnits(ServiceLimits.SharePointWindow, limit * Share);
                if (
                    Number(response, "RateLimit-Remaining") <= limit * NearlyNothing
                    && Number(response, "RateLimit-Reset") is > 0 and { } reset
                )
                    gate.Pause(TimeSpan.FromSeconds(reset));
                break;
            case GraphService.Identity when Number(response, "x-ms-throttle-limit-percentage") is > DirectoryWarningShare and { } used:
                gate.Pause(ServiceLimits.IdentityWindow * Math.Min(used - DirectoryWarningShare, 1));
                break;
        }
    }

    /// <summary>Sets the size of the tenant: the directory's quota grows with its users, SharePoint's with its licences.</summary>
    public void SetTenantSize(int users, int licences)
    {
        lock (_tenantLock)
        {
            _tenant = (users, licences);
            SetUnits(users, licences);
        }
    }

    /// <summary>
    /// Sets how many processes of the same app are working on the tenant: they share the quotas of directory and SharePoint. Mailboxes have
    /// quotas of their own; no two processes may read the same one.
    /// </summary>
    /// <param name="workers">Their number, including this one.</param>
    public void SetWorkers(int workers)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        lock (_tenantLock)
        {
            if (_workers == workers)
                return;
            _workers = workers;
            if (_tenant is var (users, licences))
                SetUnits(users, licences);
        }
    }

    private double Share => ServiceLimits.Share / _workers;

    private void SetUnits(int users, int licences)
    {
        Gate(GraphScope.Directory).SetUnits(ServiceLimits.IdentityWindow, ServiceLimits.IdentityUnitsFor(users) * Share);
        var (minute, day) = ServiceLimits.SharePointUnitsFor(licences);
        Gate(GraphScope.Drive("")).SetUnits(ServiceLimits.SharePointWindow, minute * Share);
        Gate(GraphScope.Drive("")).SetUnits(ServiceLimits.SharePointDay, day * Share);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var gate in _gates.Values)
            gate.Dispose();
    }

    private static double? Number(HttpResponseMessage response, string header) =>
        response.Headers.TryGetValues(header, out var values)
        && double.TryParse(values.First(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    private ScopeGate Gate(GraphScope scope) => _gates.GetOrAdd(scope.Limit, limit => new ScopeGate(limit.Service, time));
}
