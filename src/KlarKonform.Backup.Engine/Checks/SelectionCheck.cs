using KlarKonform.Backup.Engine.Journal;
using KlarKonform.Backup.Engine.Sources;

namespace KlarKonform.Backup.Engine.Checks;

/// <summary>
/// What a run would back up: reports patterns that match nothing, and what the last complete run backed up but the patterns no longer
/// select.
/// </summary>
internal sealed class SelectionCheck(RunJournal journal) : IConnectionCheck
{
    // The table has no room for more names.
    private const int MaxNamed = 3;

    public string Title => Texts.Get("Check_Selection");

    public IReadOnlyList<Type> Needs => [typeof(SignInCheck)];

    public async Task<CheckOutcome?> RunAsync(CheckContext context, CancellationToken cancellationToken)
    {
        var configuration = context.Configuration;
        var catalog = new SourceCatalog(configuration, new BackupOptions(), context.Secrets, context.Time, context.Random);
        var listing = await catalog.ListAsync(context.Graph.Client, cancellationToken);
        var accepted = configuration.AcceptedFailures ?? [];
        var dropped = listing
            .Dropped(await BeforeAsync(configuration, cancellationToken))
            .Where(failure => !accepted.Any(rule => rule.Covers(failure)))
            .GroupBy(failure => failure.Resource)
            .Select(group => Texts.Get("SelectionDropped", string.Join(", ", group.Select(failure => failure.Kind)), group.Key))
            .ToArray();
        string[] said =
        [
            .. listing.Doubts,
            .. dropped.Take(MaxNamed),
            .. dropped.Length > MaxNamed ? [Texts.Get("SelectionMore", dropped.Length - MaxNamed)] : Array.Empty<string>(),
        ];
        return said.Length == 0
            ? CheckOutcome.Passed(Texts.Get("Check_SelectionOk", listing.Sources.Count))
            : CheckOutcome.Warning(string.Join(' ', said));
    }

    // The resources of the last run that made a snapshot, and of those after it.
    private async Task<List<ResourceResult>> BeforeAsync(BackupConfiguration configuration, CancellationToken cancellationToken)
    {
        var before = new List<ResourceResult>();
        await foreach (var run in journal.ReadAsync(configuration.Id, cancellationToken))
        {
            before.AddRange(run.Resources);
            if (run.SnapshotId is not null && before.Count > 0)
                break;
        }

        return before;
    }
}
