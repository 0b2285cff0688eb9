using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using System.Text.Json;
using KlarKonform.Backup.Engine.Journal;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Engine.Sources.Shapes;
using KlarKonform.Backup.Graph;

namespace KlarKonform.Backup.Engine.Sources.Resources;

/// <summary>The walls around a resource's items and parts, and the record of those that failed or are in doubt.</summary>
internal sealed partial class ResourceBackup
{
    /// <summary>The key of the failure of the resource as a whole.</summary>
    public const string Whole = "resource";

    // After this many failed runs an item is tried in fewer of them: Microsoft repairs a damaged item rarely, but it happens.
    private const int EagerAttempts = 3;
    private const int MaxDaysBetween = 28;

    // A resource that answered a moment ago is not probed again for the next item.
    private static readonly TimeSpan s_probeFor = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, ItemFailure> _failures = new();

    private DateTimeOffset? _answered;

    // Doubts of earlier runs only: those of this one are not fetched again.
    private readonly HashSet<string> _earlierDoubts = [.. store.State.Doubts.Keys];

    /// <summary>Items that failed in earlier runs and are due for a retry: delta will not report them again.</summary>
    public IReadOnlyList<ItemFailure> DueFailures =>
        [.. store.State.Failures.Values.Where(failure => !_failures.ContainsKey(failure.ItemId) && IsDue(failure))];

    /// <summary>Whether something about an item failed before and is to be tried again now, whatever else is known of it.</summary>
    public bool IsDue(string itemId) => IsInDoubt(itemId) || HasDueFailure(itemId);

    /// <summary>Whether an earlier run doubted the item's properties, and only those.</summary>
    public bool IsInDoubt(string itemId) => _earlierDoubts.Contains(itemId);

    /// <summary>Whether something about an item failed before and is to be tried again now.</summary>
    public bool HasDueFailure(string itemId) => store.State.Failures.TryGetValue(itemId, out var failure) && IsDue(failure);

    /// <summary>Whether something failed in this run.</summary>
    public bool HasFailed(string key) => _failures.ContainsKey(key);

    /// <summary>What an earlier run doubted: items with their folders, to be fetched once more.</summary>
    public IReadOnlyList<(string ItemId, string Parent)> DueDoubts =>
        [
            .. store
                .State.Doubts.Where(each => _earlierDoubts.Contains(each.Key) && !store.State.Failures.ContainsKey(each.Key))
                .Select(each => (each.Key, each.Value.Parent)),
        ];

    /// <summary>
    /// Records what is wrong with a stored item: impossible properties are a failure next to it, which is tried again; unlikely ones are
    /// fetched once more by the next run, and then believed. If nothing is wrong, earlier failures are cleared.
    /// </summary>
    /// <param name="itemId">The item.</param>
    /// <param name="parent">Its folder.</param>
    /// <param name="name">Its name, for display.</param>
    /// <param name="verdict">How its properties compare with what they should be.</param>
    /// <param name="entry">The properties.</param>
    /// <param name="missing">What accompanies the item but was not available.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task JudgeAsync(
        string itemId,
        string parent,
        string name,
        Verdict verdict,
        JsonElement entry,
        IReadOnlyList<(string What, Exception Reason)> missing,
        CancellationToken cancellationToken
    )
    {
        if (verdict.Wrong.Count > 0)
        {
            var reason = new PartIncompleteException(
                new ItemProblem("OddAnswer", Texts.Get("OddAnswer", string.Join(", ", verdict.Wrong)), "HintRetry")
            );
            missing = [.. missing, (Texts.Get("Extra_Properties"), reason)];
        }

        if (missing.Count > 0)
            await FailAsync(itemId, parent, name, ItemProblem.OfExtras(missing), cancellationToken);
        else
            await ForgetFailureAsync(itemId, cancellationToken);
        if (verdict.Doubtful.Count == 0 && !store.State.Doubts.ContainsKey(itemId))
            return;
        // Without what differs from response to response: OData annotations, among them URLs that contain a ticket.
        var answer = Convert.ToHexString(
            SHA256.HashData(
                JsonSerializer.SerializeToUtf8Bytes(
                    entry
                        .EnumerateObject()
                        .Where(property => !property.Name.StartsWith('@') && property.Name is not ("folder" or "size"))
                        .Select(property => $"{property.Name}={property.Value.GetRawText()}")
                )
            ),
            0,
            8
        );
        await store.ChangeStateAsync(
            state =>
            {
                if (
                    verdict.Doubtful.Count == 0
                    || (_earlierDoubts.Contains(itemId) && state.Doubts.TryGetValue(itemId, out var before) && before.Answer == answer)
                )
                    state.Doubts.TryRemove(itemId, out _);
                else
                    state.Doubts[itemId] = new DoubtState { Parent = parent, Answer = answer };
            },
            cancellationToken
        );
    }

    /// <summary>The item is gone: its failures and doubts are cleared.</summary>
    public async Task ForgetAsync(string itemId, CancellationToken cancellationToken)
    {
        await ForgetFailureAsync(itemId, cancellationToken);
        if (store.State.Doubts.ContainsKey(itemId))
            await store.ChangeStateAsync(state => state.Doubts.TryRemove(itemId, out _), cancellationToken);
    }

    /// <summary>
    /// The wall around an item: an exception in its work is recorded as its failure and tried again; the other items continue.
    /// </summary>
    /// <param name="itemId">The item.</param>
    /// <param name="parent">Its folder.</param>
    /// <param name="name">Its name, for display.</param>
    /// <param name="work">What concerns only this item.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>Whether it succeeded.</returns>
    /// <exception cref="GraphException">The resource itself answers with this error: there is no point in requesting the next
    /// item.</exception>
    public async Task<bool> GuardAsync(string itemId, string parent, string name, Func<Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work();
            return true;
        }
        catch (Exception exception) when (Wall.Holds(exception, cancellationToken))
        {
            await ThrowIfOfResourceAsync(exception, FailureLevel.Item, cancellationToken);
            await FailAsync(itemId, parent, name, exception, cancellationToken);
            return false;
        }
    }

    /// <summary>
    /// The wall around a part of the resource: a folder, a calendar, a library, a list, the pages. Nothing is removed from a part that
    /// fails.
    /// </summary>
    /// <param name="part">The part's key; its failure is kept under it.</param>
    /// <param name="name">Its name, for display.</param>
    /// <param name="work">What concerns only this part.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>Whether it was read to its end.</returns>
    /// <exception cref="GraphException">The resource itself answers with this error.</exception>
    public async Task<bool> GuardPartAsync(string part, string name, Func<Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work();
            await ForgetEarlierFailureAsync(part, cancellationToken);
            return true;
        }
        catch (Exception exception) when (Wall.Holds(exception, cancellationToken))
        {
            await ThrowIfOfResourceAsync(exception, FailureLevel.Part, cancellationToken);
            await FailAsync(part, "", name, ItemProblem.Of(exception, FailureLevel.Part), cancellationToken);
            return false;
        }
    }

    // An error about one thing may apply to the whole resource: the resource is probed, at most once a minute.
    private async Task ThrowIfOfResourceAsync(Exception exception, FailureLevel level, CancellationToken cancellationToken)
    {
        if (exception is not GraphException graph)
            return;
        var mayBe =
            graph.Kind
                is GraphErrorKind.SignInFailed
                    or GraphErrorKind.UntrustedCertificate
                    or GraphErrorKind.ResourceGone
                    or GraphErrorKind.NotProvisioned
            || (
                level == FailureLevel.Part
                && (
                    graph.Kind
                    is GraphErrorKind.NotFound
                        or GraphErrorKind.Locked
                        or GraphErrorKind.AccessDenied
                        or GraphErrorKind.Throttled
                        or GraphErrorKind.Unreachable
                )
            );
        if (graph.IsOfResource)
            ExceptionDispatchInfo.Throw(graph);
        if (!mayBe || (_answered is { } answered && Now - answered < s_probeFor))
            return;
        await source.ProbeAsync(cancellationToken);
        _answered = Now;
    }

    /// <summary>Records that an item failed: this run is Partial, and the next one tries again unless that is pointless.</summary>
    public Task FailAsync(string itemId, string parent, string name, Exception failure, CancellationToken cancellationToken) =>
        FailAsync(itemId, parent, name, ItemProblem.Of(failure), cancellationToken);

    /// <summary>Records that something failed: this run is Partial, and the next one tries again unless that is pointless.</summary>
    public async Task FailAsync(string itemId, string parent, string name, ItemProblem problem, CancellationToken cancellationToken)
    {
        context.Observer.Verbose($"{source.Kind} {source.Name}: '{name}' failed: {problem.Code}: {problem.Message}");
        context.Events.Write(
            RunEvent.ItemFailed,
            Texts.Get("Event_ItemFailed", Label, problem.Code),
            new
            {
                kind = source.Kind,
                resource = source.Name,
                item = itemId,
                code = problem.Code,
                level = problem.Level.ToString(),
                details = problem.Details,
            }
        );
        var isStored =
            problem.Level is FailureLevel.Item or FailureLevel.Extra && await store.FindAsync(itemId, cancellationToken) is not null;
        await store.ChangeStateAsync(
            state =>
                _failures[itemId] = state.Failures[itemId] = NewFailure(state, itemId, parent, name, problem) with { IsStored = isStored },
            cancellationToken
        );
    }

    private ItemFailure Judged(ItemFailure failure) =>
        failure with
        {
            AcceptedReason = context.Accepted.FirstOrDefault(each => each.Covers(failure))?.Reason,
        };

    private bool IsDue(ItemFailure failure) =>
        failure.Level is FailureLevel.Item or FailureLevel.Extra
        && (Full || !failure.Permanent)
        && (Full || failure.NextAttempt is not { } next || next <= Now);

    private ItemFailure NewFailure(ResourceState state, string itemId, string parent, string name, ItemProblem problem)
    {
        // Counted once per run, however often it fails in it.
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
            NextAttempt =
                attempts <= EagerAttempts ? null : Now.AddDays(Math.Min(Math.Pow(2, attempts - EagerAttempts) - 0.5, MaxDaysBetween)),
        };
    }

    public Task ForgetFailureAsync(string itemId, CancellationToken cancellationToken)
    {
        _failures.TryRemove(itemId, out _);
        return store.State.Failures.ContainsKey(itemId)
            ? store.ChangeStateAsync(state => state.Failures.TryRemove(itemId, out _), cancellationToken)
            : Task.CompletedTask;
    }

    /// <summary>Clears the failure of an earlier run that no longer occurs; a failure of this run stays.</summary>
    public Task ForgetEarlierFailureAsync(string key, CancellationToken cancellationToken) =>
        _failures.ContainsKey(key) ? Task.CompletedTask : ForgetFailureAsync(key, cancellationToken);

    /// <summary>
    /// The resource was read to its end: earlier failures that were neither met again nor exist any more are cleared. Every part is visited
    /// in every run; an item that was due but not requested was in a part that is gone.
    /// </summary>
    public async Task ForgetVanishedAsync(CancellationToken cancellationToken)
    {
        foreach (var failure in store.State.Failures.Values.Where(each => !_failures.ContainsKey(each.ItemId)).ToArray())
        {
            var isGone =
                failure.Level == FailureLevel.Part
                || (
                    failure.Level != FailureLevel.Resource
                    && failure.Parent.Length > 0
                    && (failure.Permanent || IsDue(failure))
                    && await store.FindAsync(failure.ItemId, cancellationToken) is null
                    && await store.FindAsync(failure.Parent, cancellationToken) is null
                );
            if (isGone)
                await ForgetFailureAsync(failure.ItemId, cancellationToken);
        }
    }
}
