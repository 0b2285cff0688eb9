using System.Collections.Concurrent;
using KlarKonform.Backup.Engine.Sources.Resources;

namespace KlarKonform.Backup.Engine.Runs.Progress;

/// <summary>What is known of a run in progress: its resources, their counts, what failed. Thread-safe.</summary>
internal sealed class RunProgress
{
    private readonly TimeProvider _time;
    private readonly RunProgress? _whole;
    private readonly ConcurrentDictionary<string, ResourceBackup> _runs = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ResourceResult> _results = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _notes = new();
    private readonly ConcurrentQueue<BackupException> _errors = new();
    private IReadOnlyList<IResourceSource> _plan = [];

    public RunProgress(BackupConfiguration configuration, TimeProvider time)
    {
        _time = time;
        Configuration = configuration;
        Id = Guid.NewGuid();
        Started = time.GetUtcNow();
    }

    private RunProgress(RunProgress whole)
    {
        _time = whole._time;
        _whole = whole;
        Configuration = whole.Configuration;
        Id = whole.Id;
        Started = whole.Started;
        Before = whole.Before;
    }

    public Guid Id { get; }

    public BackupConfiguration Configuration { get; }

    public DateTimeOffset Started { get; }

    /// <summary>
    /// The state of the run that wrote the newest complete snapshot: for machines that keep no journal. Null if there is none.
    /// </summary>
    public BackupState? Before { get; set; }

    /// <summary>Whether it is doubtful that the run covered everything it should.</summary>
    public bool HasDoubts { get; set; }

    /// <summary>The resources of the run, in the order in which they start.</summary>
    public IReadOnlyList<IResourceSource> Plan => _plan;

    /// <summary>Resources that were started, including finished ones and those that a checkpoint has to take back.</summary>
    public IEnumerable<ResourceBackup> Runs => _runs.Values;

    public int Done => _results.Count;

    /// <summary>Items downloaded or updated.</summary>
    public long Items => Counted.Sum(run => run.Downloaded + run.Updated);

    public long Bytes => Counted.Sum(run => run.Bytes);

    /// <summary>What a killed run without checkpoints would have to repeat, in bytes.</summary>
    public long Work => Counted.Sum(run => run.Bytes + ((run.Downloaded + run.Updated + run.Removed) * CheckpointPolicy.ItemWork));

    public IReadOnlyCollection<ResourceResult> Results =>
        [.. _results.Values.OrderBy(result => result.Kind, StringComparer.Ordinal).ThenBy(result => result.Name, StringComparer.Ordinal)];

    public IReadOnlyCollection<string> Notes => [.. _whole?._notes ?? _notes];

    /// <summary>What is being read now.</summary>
    public IReadOnlyList<string> Current =>
        [.. _runs.Where(pair => !_results.ContainsKey(pair.Key)).Select(pair => pair.Value.Label).Order(StringComparer.CurrentCulture)];

    public IReadOnlyList<ItemMismatch> Mismatches => [.. Counted.SelectMany(run => run.Mismatches)];

    /// <summary>Whether not a single resource could be backed up.</summary>
    public bool AllFailed => !_results.IsEmpty && _results.Values.All(result => result.Status == BackupState.Failed);

    /// <summary>The first resource's error.</summary>
    public BackupException? FirstError => _errors.TryPeek(out var first) ? first : null;

    private IEnumerable<ResourceBackup> Counted => _runs.Values.Where(run => !run.IsWithdrawn);

    public void SetPlan(IReadOnlyList<IResourceSource> plan) => _plan = plan;

    /// <summary>Creates the record of a part of this run: whatever is reported to it is reported to this record too.</summary>
    /// <param name="plan">The part's resources; from now on they are in this run's plan too.</param>
    public RunProgress Part(IReadOnlyList<IResourceSource> plan)
    {
        var part = new RunProgress(this) { _plan = plan };
        _plan = [.. _plan.Except(plan), .. plan];
        return part;
    }

    public void Begin(ResourceBackup run)
    {
        _runs[Key(run.Source)] = run;
        _whole?.Begin(run);
    }

    public void End(IResourceSource source, ResourceResult result)
    {
        _results[Key(source)] = result;
        _whole?.End(source, result);
    }

    public void Note(string text) => (_whole?._notes ?? _notes).Enqueue(text);

    public void ResourceFailed(BackupException error)
    {
        _errors.Enqueue(error);
        _whole?.ResourceFailed(error);
    }

    public ResourceResult? ResultOf(ResourceBackup run) => _results.GetValueOrDefault(Key(run.Source));

    /// <summary>The run as it is now.</summary>
    public BackupRun ToRun(BackupState status) =>
        new()
        {
            RunId = Id,
            Configuration = Configuration.Name,
            Status = status,
            Started = Started,
            Updated = _time.GetUtcNow(),
            ProcessId = Environment.ProcessId,
            HostName = Environment.MachineName,
            ResourcesTotal = _plan.Count,
            ResourcesDone = Done,
            ItemsDownloaded = Counted.Sum(run => run.Downloaded),
            ItemsUpdated = Counted.Sum(run => run.Updated),
            ItemsRemoved = Counted.Sum(run => run.Removed),
            BytesDownloaded = Bytes,
            ItemsKeptDeleted = Counted.Sum(run => run.Deleted.Kept),
            ItemsExpired = Counted.Sum(run => run.Deleted.Expired),
            Resources = status == BackupState.Running ? Live() : Results.ToArray(),
            Failures = [.. Counted.SelectMany(run => run.Failures)],
            Notes = Notes.ToArray(),
            Current = status == BackupState.Running ? Current : [],
        };

    private ResourceResult[] Live() =>
        [
            .. _plan.Select(source =>
                _results.GetValueOrDefault(Key(source))
                ?? (
                    _runs.TryGetValue(Key(source), out var run)
                        ? run.ToResult(BackupState.Running)
                        : new ResourceResult
                        {
                            Kind = source.Kind,
                            Name = source.Name,
                            Status = BackupState.Pending,
                        }
                )
            ),
        ];

    private static string Key(IResourceSource source) => $"{source.Kind}-{source.ResourceId}";
}
