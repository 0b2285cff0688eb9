using System.Collections.Concurrent;
using KlarKonform.Backup.DemoTenant.Http.Protocol;

namespace KlarKonform.Backup.DemoTenant.Http.Limits;

/// <summary>Outlook's documented limits of one app on one mailbox: four concurrent requests, 10,000 in ten minutes.</summary>
public sealed class MailboxLimits(RequestCounters counters)
{
    private const int MaxConcurrent = 4;
    private const int MaxPerWindow = 10_000;
    private const long MaxUpload = 150_000_000;
    private static readonly TimeSpan s_uploadWindow = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_window = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<string, Usage> _usage = new();

    /// <summary>Mailboxes that refuse every request with 429, each until a given time.</summary>
    public ConcurrentDictionary<string, DateTimeOffset> Throttled { get; } = new();

    public IDisposable Enter(string mailbox)
    {
        if (Throttled.TryGetValue(mailbox, out var until) && until > DateTimeOffset.UtcNow)
            throw new GraphErrorException(429, "ApplicationThrottled", "Application is over its request limit.")
            {
                RetryAfterSeconds = (int)Math.Ceiling((until - DateTimeOffset.UtcNow).TotalSeconds),
            };
        var usage = _usage.GetOrAdd(mailbox, _ => new Usage());
        lock (usage)
        {
            var now = DateTimeOffset.UtcNow;
            while (usage.Recent.TryPeek(out var first) && now - first > s_window)
                usage.Recent.Dequeue();
            usage.Recent.Enqueue(now);
            if (usage.Recent.Count > MaxPerWindow)
            {
                counters.Violate($"more than {MaxPerWindow} requests in ten minutes on {mailbox}");
                throw new GraphErrorException(429, "ApplicationThrottled", "Application is over its request limit.")
                {
                    RetryAfterSeconds = 60,
                };
            }

            if (usage.Active >= MaxConcurrent)
            {
                counters.Violate($"more than {MaxConcurrent} requests at a time on {mailbox}");
                throw new GraphErrorException(429, "ApplicationThrottled", "Application is over its MailboxConcurrency limit.")
                {
                    RetryAfterSeconds = 1,
                };
            }

            usage.Active++;
            return new Leave(usage);
        }
    }

    /// <summary>Counts what is written: 150 MB in five minutes per app and mailbox.</summary>
    public void Upload(string mailbox, long bytes)
    {
        var usage = _usage.GetOrAdd(mailbox, _ => new Usage());
        lock (usage)
        {
            var now = DateTimeOffset.UtcNow;
            while (usage.Uploads.TryPeek(out var first) && now - first.Time > s_uploadWindow)
                usage.Uploaded -= usage.Uploads.Dequeue().Bytes;
            usage.Uploads.Enqueue((now, bytes));
            usage.Uploaded += bytes;
            if (usage.Uploaded <= MaxUpload)
                return;
            counters.Violate($"more than {MaxUpload} bytes written in five minutes to {mailbox}");
            throw new GraphErrorException(429, "ApplicationThrottled", "Application is over its upload limit.") { RetryAfterSeconds = 60 };
        }
    }

    private sealed class Usage
    {
        public long Uploaded { get; set; }

        public Queue<(DateTimeOffset Time, long Bytes)> Uploads { get; } = new();

        public int Active { get; set; }

        public Queue<DateTimeOffset> Recent { get; } = new();
    }

    private sealed class Leave(Usage usage) : IDisposable
    {
        public void Dispose()
        {
            lock (usage)
                usage.Active--;
        }
    }
}
