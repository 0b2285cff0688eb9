using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using KlarKonform.Backup.DemoTenant.Http.Protocol;

namespace KlarKonform.Backup.DemoTenant.Drift;

/// <summary>What was altered, and in what form it was sent. Thread-safe.</summary>
public sealed class DriftRecord
{
    private readonly ConcurrentDictionary<DriftTouch, bool> _touches = new();
    private readonly ConcurrentDictionary<string, ConcurrentBag<JsonObject>> _arrived = new();
    private readonly ConcurrentDictionary<string, ConcurrentBag<string>> _contents = new();

    /// <summary>All alterations, each once.</summary>
    public IReadOnlyCollection<DriftTouch> Touches => [.. _touches.Keys];

    /// <summary>Items that were altered themselves.</summary>
    public IReadOnlySet<string> Items => _touches.Keys.Where(touch => !touch.IsPart).Select(touch => touch.Target).ToHashSet();

    /// <summary>Parts of which a listing was altered.</summary>
    public IReadOnlySet<string> Parts => _touches.Keys.Where(touch => touch.IsPart).Select(touch => touch.Target).ToHashSet();

    /// <summary>The forms in which an item's properties were sent, different from the tenant's.</summary>
    public IReadOnlyCollection<JsonObject> ArrivedOf(string item) => _arrived.TryGetValue(item, out var forms) ? [.. forms] : [];

    /// <summary>SHA-256 of the contents that were sent instead of an item's, if nothing shows that they differ.</summary>
    public IReadOnlyCollection<string> ContentsOf(string item) => _contents.TryGetValue(item, out var hashes) ? [.. hashes] : [];

    internal void Touch(string target, bool isPart, string how, string path) => _touches[new DriftTouch(target, isPart, how, path)] = true;

    // As a reader sees it: an unpaired surrogate is not text, and becomes the replacement character.
    internal void Arrived(string item, JsonObject form) =>
        _arrived
            .GetOrAdd(item, _ => [])
            .Add(
                JsonNode
                    .Parse(
                        form.ToJsonString()
                            .Replace("\\uE000half\\uE000", "\\uFFFD", StringComparison.Ordinal)
                            .Replace(DemoAnswer.HalfSurrogate, "\\uFFFD", StringComparison.Ordinal)
                    )!
                    .AsObject()
            );

    internal void Content(string item, byte[] bytes) => _contents.GetOrAdd(item, _ => []).Add(Convert.ToHexString(SHA256.HashData(bytes)));
}
