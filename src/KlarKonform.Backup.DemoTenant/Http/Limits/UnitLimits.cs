using System.Globalization;
using KlarKonform.Backup.DemoTenant.Http.Protocol;

namespace KlarKonform.Backup.DemoTenant.Http.Limits;

/// <summary>
/// A quota of units in a sliding window, as SharePoint and the directory have for one app in one tenant. A request that exceeds it is
/// refused, and counts too.
/// </summary>
public sealed class UnitLimits(string service, int units, TimeSpan window, RequestCounters counters, double shownFrom = 0.8)
{
    private readonly Queue<(DateTimeOffset Time, int Cost)> _recent = new();
    private int _sum;

    /// <summary>Charges a request and announces what is left in the service's own headers.</summary>
    public void Charge(HttpContext context, int cost)
    {
        lock (_recent)
        {
            var now = DateTimeOffset.UtcNow;
            while (_recent.TryPeek(out var first) && now - first.Time > window)
                _sum -= _recent.Dequeue().Cost;
            _recent.Enqueue((now, cost));
            _sum += cost;
            var reset = Math.Max(1, (int)Math.Ceiling((_recent.Peek().Time + window - now).TotalSeconds));
            if (service == "SharePoint" && _sum >= units * shownFrom)
            {
                context.Response.Headers["RateLimit-Limit"] = units.ToString(CultureInfo.InvariantCulture);
                context.Response.Headers["RateLimit-Remaining"] = Math.Max(0, units - _sum).ToString(CultureInfo.InvariantCulture);
                context.Response.Headers["RateLimit-Reset"] = reset.ToString(CultureInfo.InvariantCulture);
            }
            else if (service != "SharePoint")
            {
                context.Response.Headers["x-ms-resource-unit"] = cost.ToString(CultureInfo.InvariantCulture);
                if (_sum > units * 0.8)
                    context.Response.Headers["x-ms-throttle-limit-percentage"] = ((double)_sum / units).ToString(
                        "0.00",
                        CultureInfo.InvariantCulture
                    );
            }

            if (_sum <= units)
                return;
            counters.Violate($"more than {units} units in {window.TotalSeconds:0} s at {service}");
            throw new GraphErrorException(429, "activityLimitReached", "The request has been throttled.") { RetryAfterSeconds = reset };
        }
    }
}
