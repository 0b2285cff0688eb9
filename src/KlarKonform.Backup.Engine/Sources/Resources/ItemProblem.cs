using KlarKonform.Backup.Graph;

namespace KlarKonform.Backup.Engine.Sources.Resources;

/// <summary>Why something could not be backed up.</summary>
/// <param name="Code">A stable code for scripts.</param>
/// <param name="Message">What was found; never user content.</param>
/// <param name="Hint">Key of the text that tells the admin what to do.</param>
/// <param name="IsPermanent">Whether further attempts are pointless as long as no one changes anything.</param>
internal sealed record ItemProblem(string Code, string Message, string Hint, bool IsPermanent = false)
{
    /// <summary>How much of the backup it affects.</summary>
    public FailureLevel Level { get; init; }

    /// <summary>For an unforeseen error: where it happened.</summary>
    public string? Details { get; init; }

    /// <summary>The problem that an exception stands for.</summary>
    public static ItemProblem Of(Exception exception, FailureLevel level = FailureLevel.Item) =>
        exception switch
        {
            GraphException graph => new ItemProblem(
                graph.Code,
                graph.Message,
                graph.Kind switch
                {
                    GraphErrorKind.Malware => "HintMalware",
                    GraphErrorKind.CorruptItem => "HintCorrupt",
                    GraphErrorKind.Locked => "HintLocked",
                    GraphErrorKind.IntegrityMismatch => "HintIntegrity",
                    _ => "HintRetry",
                },
                graph.Kind == GraphErrorKind.Malware
            )
            {
                Level = level,
            },
            PartIncompleteException incomplete => incomplete.Problem,
            BackupException backup => new ItemProblem(backup.ErrorId, backup.Message, "HintRetry") { Level = level },
            OperationCanceledException => new ItemProblem("TimedOut", Texts.Get("ItemTimedOut"), "HintRetry") { Level = level },
            _ => new ItemProblem(exception.GetType().Name, Texts.Get("ItemUnexpected", exception.GetType().Name), "HintReport")
            {
                Level = level,
                Details = Wall.Details(exception),
            },
        };

    /// <summary>Something that accompanies a stored item was not available: what, and why.</summary>
    public static ItemProblem OfExtras(IReadOnlyList<(string What, Exception Reason)> missing)
    {
        var first = Of(missing[0].Reason);
        return first with
        {
            Level = FailureLevel.Extra,
            Message = Texts.Get("ExtrasMissing", string.Join(", ", missing.Select(each => each.What).Distinct()), first.Message),
        };
    }
}
