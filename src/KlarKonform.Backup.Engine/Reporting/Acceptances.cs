using KlarKonform.Backup.Engine.Journal;

namespace KlarKonform.Backup.Engine.Reporting;

/// <summary>Failures that an admin accepted, with a reason, in the configuration.</summary>
internal static class Acceptances
{
    /// <summary>A run with its failures according to the configuration's current acceptances.</summary>
    public static BackupRun Apply(BackupConfiguration configuration, BackupRun run) =>
        run with
        {
            Failures = [.. run.Failures.Select(failure => Apply(configuration, failure))],
            RetryList = [.. run.RetryList.Select(failure => Apply(configuration, failure))],
        };

    /// <summary>A failure with the reason for which it is accepted now, or without one.</summary>
    public static ItemFailure Apply(BackupConfiguration configuration, ItemFailure failure) =>
        SoundRun.Of(failure, configuration.Name) with
        {
            AcceptedReason = (configuration.AcceptedFailures ?? []).FirstOrDefault(each => each.Covers(failure))?.Reason,
        };

    /// <summary>The configuration with one more accepted failure; an acceptance of the same failure is replaced.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="missing">What is not in the backup.</param>
    /// <param name="choice">Which part of it is accepted.</param>
    /// <param name="reason">Why.</param>
    /// <param name="author">Who accepts it.</param>
    /// <param name="now">The current time; UTC.</param>
    /// <exception cref="BackupException">FailureNotFound, FailureAmbiguous or AcceptanceReasonMissing.</exception>
    public static (BackupConfiguration Changed, AcceptedFailure Accepted) Add(
        BackupConfiguration configuration,
        Missing missing,
        FailureChoice choice,
        string reason,
        string author,
        DateTimeOffset now
    )
    {
        if (string.IsNullOrWhiteSpace(reason))
            throw new BackupException(ErrorIds.AcceptanceReasonMissing, BackupErrorCategory.InvalidArgument, choice.ItemId);
        var meant = missing.All.Where(failure => choice.Means(failure.Kind, failure.Resource, failure.ItemId, failure.Code)).ToArray();
        var (kind, resource, code) = meant switch
        {
            [var one] => (one.Kind, one.Resource, one.Code),

            // A failure that the repository or another computer showed is recognised by its own description.
            [] when choice is { Kind: { } ofKind, Resource: { } of, Code: { } with } => (ofKind, of, with),
            [] => throw new BackupException(
                ErrorIds.FailureNotFound,
                BackupErrorCategory.ObjectNotFound,
                choice.ItemId,
                choice.ItemId,
                configuration.Name
            ),
            _ => throw Ambiguous(choice, meant.Select(each => $"{each.Kind}: {each.Resource} ({each.Code})")),
        };
        var accepted = new AcceptedFailure
        {
            Kind = kind,
            Resource = resource,
            ItemId = choice.ItemId,
            Code = code,
            Reason = reason.Trim(),
            Author = author,
            Accepted = now,
        };
        var others = (configuration.AcceptedFailures ?? []).Where(each => !IsSame(each, accepted));
        return (configuration with { AcceptedFailures = [.. others, accepted] }, accepted);
    }

    /// <summary>The configuration without an acceptance.</summary>
    /// <exception cref="BackupException">AcceptanceNotFound or FailureAmbiguous.</exception>
    public static (BackupConfiguration Changed, AcceptedFailure Revoked) Remove(BackupConfiguration configuration, FailureChoice choice)
    {
        var meant = (configuration.AcceptedFailures ?? [])
            .Where(each => choice.Means(each.Kind, each.Resource, each.ItemId, each.Code))
            .ToArray();
        var revoked = meant switch
        {
            [var one] => one,
            [] => throw new BackupException(
                ErrorIds.AcceptanceNotFound,
                BackupErrorCategory.ObjectNotFound,
                choice.ItemId,
                choice.ItemId,
                configuration.Name
            ),
            _ => throw Ambiguous(choice, meant.Select(each => $"{each.Kind}: {each.Resource} ({each.Code})")),
        };
        AcceptedFailure[] left = [.. configuration.AcceptedFailures!.Where(each => each != revoked)];
        return (configuration with { AcceptedFailures = left.Length > 0 ? left : null }, revoked);
    }

    private static bool IsSame(AcceptedFailure one, AcceptedFailure other) =>
        one.ItemId == other.ItemId
        && one.Code == other.Code
        && string.Equals(one.Kind, other.Kind, StringComparison.OrdinalIgnoreCase)
        && string.Equals(one.Resource, other.Resource, StringComparison.OrdinalIgnoreCase);

    private static BackupException Ambiguous(FailureChoice choice, IEnumerable<string> meant) =>
        new(ErrorIds.FailureAmbiguous, BackupErrorCategory.InvalidArgument, choice.ItemId, choice.ItemId, string.Join(", ", meant));
}
