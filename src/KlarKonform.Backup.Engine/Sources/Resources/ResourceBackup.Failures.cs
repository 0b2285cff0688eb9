using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using System.Text.Json;
using KlarKonform.Backup.Engine.Journal;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Engine.Sources.Shapes;
using KlarKonform.Backup.Graph;

namespace KlarKonform.Backup.Engine.Sources.Resources;

/// <summary>The walls around a resource's items and parts, and what is remembered of those that failed or are in doubt.</summary>
internal sealed partial class ResourceBackup
{
    /// <summary>The key of the failure of the resource as a whole.</summary>
    public const string Whole = "resource";

    // An item that failed in so many runs is tried in fewer of them: Microsoft mends a damaged item rarely, but does.
    private const int EagerAttempts = 3;
    private const int MaxDaysBetween = 28;

    // A resource that answered a moment ago is not asked again because of the next item.
    private static readonly TimeSpan s_probeFor = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, ItemFailure> _failures = new();

    private DateTimeOffset? _answered;

    // Of earlier runs: those of this one are not asked for again.
    private readonly HashSet<string> _earlierDoubts = [.. store.State.Doubts.Keys];

    /// <summary>Items that failed in earlier runs and are due: delta will not mention them again.</summary>
    public IReadOnlyList<ItemFailure> DueFailures =>
        [.. store.State.Failures.Values.Where(failure => !_failures.ContainsKey(failure.ItemId) && IsDue(failure))];

    /// <summary>Whether something failed of an item before, and is to be tried again now whatever else is known of it.</summary>
    public bool IsDue(string itemId) => IsInDoubt(itemId) || HasDueFailure(itemId);

    /// <summary>Whether an earlier run had doubts about the item's properties, and only about those.</summary>
    public bool IsInDoubt(string itemId) => _earlierDoubts.Contains(itemId);

    /// <summary>Whether something failed of an item before, and is to be tried again now.</summary>
    public bool HasDueFailure(string itemId) => store.State.Failures.TryGetValue(itemId, out var failure) && IsDue(failure);

    /// <summary>Whether something failed in this run.</summary>
    public bool HasFailed(string key) => _failures.ContainsKey(key);

    /// <summary>What an earlier run had doubts about: items with their folders, to be asked for once more.</summary>
    public IReadOnlyList<(string ItemId, string Parent)> DueDoubts =>
        [.. store.State.Doubts.Where(each => _earlierDoubts.Contains(each.Key) && !store.State.Failures.ContainsKey(each.Key)).Select(each => (each.Key, each.Value.Parent))];

    /// <summary>
    /// Says of an item that is stored what is not as it should be: properties that cannot be so are a failure beside it, tried again; unlikely
    /// ones are asked for once more by the next run, and then believed. Where there is nothing to say, earlier failures are history.
    /// </summary>
    /// <param name="itemId">The item.</param>
    /// <param name="parent">Its folder.</param>
    /// <param name="name">Its name, for people.</param>
    /// <param name="verdict">How its properties compare with what they should be.</param>
    /// <param name="entry">The properties.</param>
    /// <param name="missing">What could not be had beside it.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task JudgeAsync(string itemId, string parent, string name, Verdict verdict, JsonElement entry, IReadOnlyList<(string What, Exception Reason)> missing, CancellationToken cancellationToken)
    {
        if (verdict.Wrong.Count > 0)
        {
            var reason = new PartIncompleteException(new ItemProblem("OddAnswer", Texts.Get("OddAnswer", string.Join(", ", verdict.Wrong)), "HintRetry"));
            missing = [.. missing, (Texts.Get("Extra_Properties"), reason)];
        }

        if (missing.Count > 0)
            await FailAsync(itemId, parent, name, ItemProblem.OfExtras(missing), cancellationToken).ConfigureAwait(false);
        else
            await ForgetFailureAsync(itemId, cancellationToken).ConfigureAwait(false);
        if (verdict.Doubtful.Count == 0 && !store.State.Doubts.ContainsKey(itemId))
            return;
        // Without what differs from answer to answer: OData's notes, among them addresses that carry a ticket.
        var answer = Convert.ToHexString(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(entry.EnumerateObject()
            .Where(property => !property.Name.StartsWith('@') && property.Name is not ("folder" or "size")).Select(property => $"{property.Name}={property.Value.GetRawText()}"))), 0, 8);
        await store.ChangeStateAsync(state =>
        {
            if (verdict.Doubtful.Count == 0 || (_earlierDoubts.Contains(itemId) && state.Doubts.TryGetValue(itemId, out var before) && before.Answer == answer))
                state.Doubts.TryRemove(itemId, out _);
            else
                state.Doubts[itemId] = new DoubtState { Parent = parent, Answer = answer };
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The item is gone: what failed of it, or was in doubt, is history.</summary>
    public async Task ForgetAsync(string itemId, CancellationToken cancellationToken)
    {
        await ForgetFailureAsync(itemId, cancellationToken).ConfigureAwait(false);
        if (store.State.Doubts.ContainsKey(itemId))
            await store.ChangeStateAsync(state => state.Doubts.TryRemove(itemId, out _), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The wall around an item: whatever its work throws is its failure, named and tried again; the others go on.</summary>
    /// <param name="itemId">The item.</param>
    /// <param name="parent">Its folder.</param>
    /// <param name="name">Its name, for people.</param>
    /// <param name="work">What concerns this item alone.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Whether it went well.</returns>
    /// <exception cref="GraphException">The resource itself answers so: there is no use in asking for the next item.</exception>
    public async Task<bool> GuardAsync(string itemId, string parent, string name, Func<Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work().ConfigureAwait(false);
            return true;
        }
        catch (Exception exception) when (Wall.Holds(exception, cancellationToken))
        {
            await ThrowIfOfResourceAsync(exception, FailureLevel.Item, cancellationToken).ConfigureAwait(false);
            await FailAsync(itemId, parent, name, exception, cancellationToken).ConfigureAwait(false);
            return false;
        }
    }

    /// <summary>The wall around a part of the resource: a folder, a calendar, a library, a list, the pages. Nothing of a part that fails is removed.</summary>
    /// <param name="part">The part's key; its failure is kept under it.</param>
    /// <param name="name">Its name, for people.</param>
    /// <param name="work">What concerns this part alone.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Whether it was read to its end.</returns>
    /// <exception cref="GraphException">The resource itself answers so.</exception>
    public async Task<bool> GuardPartAsync(string part, string name, Func<Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work().ConfigureAwait(false);
            await ForgetEarlierFailureAsync(part, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (Exception exception) when (Wall.Holds(exception, cancellationToken))
        {
            await ThrowIfOfResourceAsync(exception, FailureLevel.Part, cancellationToken).ConfigureAwait(false);
            await FailAsync(part, "", name, ItemProblem.Of(exception, FailureLevel.Part), cancellationToken).ConfigureAwait(false);
            return false;
        }
    }

    // An answer about one thing may speak of the whole: the whole is asked, at most once a minute.
    private async Task ThrowIfOfResourceAsync(Exception exception, FailureLevel level, CancellationToken cancellationToken)
    {
        if (exception is not GraphException graph)
            return;
        var mayBe = graph.Kind is GraphErrorKind.SignInFailed or GraphErrorKind.UntrustedCertificate or GraphErrorKind.UserGone or GraphErrorKind.NotProvisioned
            || (level == FailureLevel.Part && (graph.Kind is GraphErrorKind.NotFound or GraphErrorKind.Locked or GraphErrorKind.AccessDenied or GraphErrorKind.Throttled
                or GraphErrorKind.Unreachable));
        if (graph.IsOfResource)
            ExceptionDispatchInfo.Throw(graph);
        if (!mayBe || (_answered is { } answered && Now - answered < s_probeFor))
            return;
        await source.ProbeAsync(cancellationToken).ConfigureAwait(false);
        _answered = Now;
    }

    /// <summary>Remembers that an item failed: this run is Partial, the next one tries again unless it is in vain.</summary>
    public Task FailAsync(string itemId, string parent, string name, Exception failure, CancellationToken cancellationToken) =>
        FailAsync(itemId, parent, name, ItemProblem.Of(failure), cancellationToken);

    /// <summary>Remembers that something failed: this run is Partial, the next one tries again unless it is in vain.</summary>
    public async Task FailAsync(string itemId, string parent, string name, ItemProblem problem, CancellationToken cancellationToken)
    {
        observer.Verbose($"{source.Kind} {source.Name}: '{name}' failed: {problem.Code}: {problem.Message}");
        events.Write(RunEvent.ItemFailed, Texts.Get("Event_ItemFailed", Label, problem.Code),
            new { kind = source.Kind, resource = source.Name, item = itemId, code = problem.Code, level = problem.Level.ToString(), details = problem.Details });
        var isStored = problem.Level is FailureLevel.Item or FailureLevel.Extra && await store.FindAsync(itemId, cancellationToken).ConfigureAwait(false) is not null;
        await store.ChangeStateAsync(state => _failures[itemId] = state.Failures[itemId] = NewFailure(state, itemId, parent, name, problem) with { IsStored = isStored },
            cancellationToken).ConfigureAwait(false);
    }

    private ItemFailure Judged(ItemFailure failure) => failure with { AcceptedReason = accepted.FirstOrDefault(each => each.Covers(failure))?.Reason };

    private bool IsDue(ItemFailure failure) => failure.Level is FailureLevel.Item or FailureLevel.Extra && (full || !failure.Permanent)
        && (full || failure.NextAttempt is not { } next || next <= Now);

    private ItemFailure NewFailure(ResourceState state, string itemId, string parent, string name, ItemProblem problem)
    {
        // Once a run, however often it fails in it.
        var attempts = state.Failures.TryGetValue(itemId, out var before) ? before.Attempts + (_failures.ContainsKey(itemId) ? 0 : 1) : 1;
        return new ItemFailure
        {
            Kind = source.Kind,
            Resource = source.Name,
            ItemId = itemId,
            Name = name,
            Parent = parent,
            Code = problem.Code,
            Message = problem.Message,
            Hint = Texts.Get(problem.Hint),
            Level = problem.Level,
            Details = problem.Details,
            Attempts = attempts,
            Permanent = problem.IsPermanent,
            NextAttempt = attempts <= EagerAttempts ? null : Now.AddDays(Math.Min(Math.Pow(2, attempts - EagerAttempts) - 0.5, MaxDaysBetween)),
        };
    }

    public Task ForgetFailureAsync(string itemId, CancellationToken cancellationToken)
    {
        _failures.TryRemove(itemId, out _);
        return store.State.Failures.ContainsKey(itemId) ? store.ChangeStateAsync(state => state.Failures.TryRemove(itemId, out _), cancellationToken) : Task.CompletedTask;
    }

    /// <summary>Something is well again that failed in an earlier run; a failure of this run stays.</summary>
    public Task ForgetEarlierFailureAsync(string key, CancellationToken cancellationToken) =>
        _failures.ContainsKey(key) ? Task.CompletedTask : ForgetFailureAsync(key, cancellationToken);

    /// <summary>
    /// The resource was read to its end: what failed of it earlier and was neither met again nor exists any more is history. Every part is
    /// visited in every run; an item that was due and that nobody asked for lies in a part that is gone.
    /// </summary>
    public async Task ForgetVanishedAsync(CancellationToken cancellationToken)
    {
        foreach (var failure in store.State.Failures.Values.Where(each => !_failures.ContainsKey(each.ItemId)).ToArray())
        {
            var isGone = failure.Level == FailureLevel.Part || (failure.Level != FailureLevel.Resource && failure.Parent.Length > 0 && (failure.Permanent || IsDue(failure))
                && await store.FindAsync(failure.ItemId, cancellationToken).ConfigureAwait(false) is null
                && await store.FindAsync(failure.Parent, cancellationToken).ConfigureAwait(false) is null);
            if (isGone)
                await ForgetFailureAsync(failure.ItemId, cancellationToken).ConfigureAwait(false);
        }
    }
}
