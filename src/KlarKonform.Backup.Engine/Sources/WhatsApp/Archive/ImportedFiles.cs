using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Engine.Sources.WhatsApp.Locations;

namespace KlarKonform.Backup.Engine.Sources.WhatsApp.Archive;

/// <summary>The files of one place that were taken in, or could not be. Thread-safe.</summary>
/// <param name="run">The run whose state records them.</param>
/// <param name="kind">Their kind, so that two kinds at one place are not mixed up.</param>
/// <param name="place">The place.</param>
internal sealed class ImportedFiles(ResourceBackup run, string kind, IDropLocation place)
{
    // No file system allows this character in a name: what follows is a part of the file.
    private const char Part = '\0';

    // A place's name may be the beginning of another one's.
    private const char Below = '\u0001';

    /// <summary>The key in the state of a part of a file, such as an entry of a ZIP.</summary>
    public static string PartOf(string key, string entry) => $"{key}{Part}{entry}";

    /// <summary>The key in the state of a file of the place.</summary>
    public string KeyOf(string file) => $"{kind} {place.Name}{Below}{file}";

    /// <summary>A file that was taken away again is no longer a failure; what was read of it stays.</summary>
    public Task ForgetGoneAsync(IReadOnlyList<DropFile> files, CancellationToken cancellationToken)
    {
        var present = files.Select(file => KeyOf(file.Key)).ToHashSet(StringComparer.Ordinal);
        var prefix = KeyOf("");
        var gone = run
            .Store.State.Inputs.Keys.Concat(run.Store.State.Failures.Keys)
            .Where(key => key.StartsWith(prefix, StringComparison.Ordinal) && !present.Contains(key.Split(Part)[0]))
            .ToArray();
        return gone.Length == 0
            ? Task.CompletedTask
            : run.Store.ChangeStateAsync(
                state =>
                {
                    foreach (var key in gone)
                    {
                        state.Inputs.TryRemove(key, out _);
                        state.Failures.TryRemove(key, out _);
                    }
                },
                cancellationToken
            );
    }
}
