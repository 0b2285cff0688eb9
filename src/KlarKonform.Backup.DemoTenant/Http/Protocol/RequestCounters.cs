using System.Collections.Concurrent;

namespace KlarKonform.Backup.DemoTenant.Http.Protocol;

/// <summary>How often each kind of request was answered, and which documented limits a client broke.</summary>
public sealed class RequestCounters
{
    private readonly ConcurrentDictionary<string, int> _counts = new();
    private readonly ConcurrentQueue<string> _violations = new();

    public IReadOnlyDictionary<string, int> Counts => _counts;

    public IReadOnlyCollection<string> Violations => _violations;

    /// <summary>Called before a request of a kind is answered: tests use it to change the tenant during a client's requests.</summary>
    public Action<string>? OnRequest { get; set; }

    public int this[string kind] => _counts.GetValueOrDefault(kind);

    public void Count(string kind)
    {
        _counts.AddOrUpdate(kind, 1, (_, count) => count + 1);
        OnRequest?.Invoke(kind);
    }

    public void Violate(string text) => _violations.Enqueue(text);

    public void Reset()
    {
        _counts.Clear();
        _violations.Clear();
    }
}
