using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using KlarKonform.Backup.DemoTenant.Http.Protocol;

namespace KlarKonform.Backup.DemoTenant.Drift;

/// <summary>What was touched, and in what form it went out. Thread-safe.</summary>
public sealed class DriftRecord
{
    private readonly ConcurrentDictionary<DriftTouch, bool> _touches = new();
    private readonly ConcurrentDictionary<string, ConcurrentBag<JsonObject>> _arrived = new();
    private readonly ConcurrentDictionary<string, ConcurrentBag<string>> _contents = new();

    /// <summary>All touches, each once.</summary>
    public IReadOnlyCollection<DriftTouch> Touches => [.. _touches.Keys];

    /// <summary>Items that were touched themselves.</summary>
    public IReadOnlySet<string> Items => _touches.Keys.Where(touch => !touch.IsPart).Select(touch => touch.Target).ToHashSet();

    /// <summary>Parts of which a listing was touched.</summary>
    public IReadOnlySet<string> Parts => _touches.Keys.Where(touch => touch.IsPart).Select(touch => touch.Target).ToHashSet();

    /// <summary>The forms in which an item's properties went out otherwise than the tenant has them.</summary>
    public IReadOnlyCollection<JsonObject> ArrivedOf(string item) => _arrived.TryGetValue(item, out var forms) ? [.. forms] : [];

    /// <summary>SHA-256 of the contents that went out in place of an item's, where nothing tells that they are others.</summary>
    public IReadOnlyCollection<string> ContentsOf(string item) => _contents.TryGetValue(item, out var hashes) ? [.. hashes] : [];

    internal void Touch(string target, bool isPart, string how, string path) => _touches[new DriftTouch(target, isPart, how, path)] = true;

    // As a reader sees it: half of a pair is no text, and becomes the sign for that.
    internal void Arrived(string item, JsonObject form) => _arrived.GetOrAdd(item, _ => []).Add(
        JsonNode.Parse(form.ToJsonString().Replace("\\uE000half\\uE000", "\\uFFFD", StringComparison.Ordinal).Replace(DemoAnswer.HalfSurrogate, "\\uFFFD", StringComparison.Ordinal))!.AsObject());

    internal void Content(string item, byte[] bytes) => _contents.GetOrAdd(item, _ => []).Add(Convert.ToHexString(SHA256.HashData(bytes)));
}
