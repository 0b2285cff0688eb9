using System.Text.Json;

namespace KlarKonform.Backup.Engine.Journal;

/// <summary>
/// Ensures that a run read from a file has what its type promises: JSON can contain null where the type does not allow it.
/// </summary>
internal static class SoundRun
{
    /// <summary>The run without gaps: null lists become empty, entries that are null or lack their names are left out.</summary>
    /// <exception cref="JsonException">It lacks what every run has.</exception>
    public static BackupRun Of(BackupRun run)
    {
        if (run.Configuration is null || !Enum.IsDefined(run.Status))
            throw new JsonException("configuration, status");
        return run with
        {
            Resources = [.. Present(run.Resources).Where(each => each.Kind is not null && each.Name is not null)],
            Failures = [.. Present(run.Failures).Where(IsSound).Select(each => Of(each, run.Configuration))],
            RetryList = [.. Present(run.RetryList).Where(IsSound).Select(each => Of(each, run.Configuration))],
            Notes = [.. Present(run.Notes)],
            Current = [.. Present(run.Current)],
            HostName = run.HostName ?? "",
            Verification = run.Verification is { } check
                ? check with
                {
                    Mismatches = [.. Present(check.Mismatches)],
                    Problems = [.. Present(check.Problems)],
                }
                : null,
            Retention = run.Retention is { Removed: null } or { Configuration: null } ? null : run.Retention,
        };
    }

    /// <summary>A failure outside a resource, with its configuration's name.</summary>
    public static ItemFailure Of(ItemFailure failure, string configuration) =>
        failure with
        {
            Configuration = configuration,
            Hint = failure.Hint ?? "",
            Parent = failure.Parent ?? "",
            Message = failure.Message ?? "",
        };

    private static bool IsSound(ItemFailure failure) =>
        failure is { Kind: not null, Resource: not null, ItemId: not null, Name: not null, Code: not null };

    private static IEnumerable<T> Present<T>(IEnumerable<T>? list)
        where T : class => (list ?? []).Where(each => each is not null);
}
