using System.Text.Json;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Destroy;

/// <summary>The repository's folder as the world treats it: files vanish, come back, and another program works on it.</summary>
internal sealed class DestroyRepository(TemporaryFolder folder, string password)
{
    private readonly Dictionary<string, byte[]> _aside = [];

    public string Path => folder["repository"];

    public StockRestic Restic => new(Path, password);

    /// <summary>Files that are currently away.</summary>
    public IReadOnlyCollection<string> Aside => _aside.Keys;

    /// <summary>Every file except locks.</summary>
    public string[] Files() =>
        [
            .. Directory
                .EnumerateFiles(Path, "*", SearchOption.AllDirectories)
                .Select(file => System.IO.Path.GetRelativePath(Path, file))
                .Where(file => !file.StartsWith("locks", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal),
        ];

    /// <summary>Takes a file away.</summary>
    public void Lose(string file)
    {
        _aside[file] = File.ReadAllBytes(System.IO.Path.Combine(Path, file));
        File.Delete(System.IO.Path.Combine(Path, file));
    }

    /// <summary>Brings a file back.</summary>
    public void BringBack(string file)
    {
        if (!_aside.Remove(file, out var content))
            return;
        var path = System.IO.Path.Combine(Path, file);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
    }

    /// <summary>Makes a file stay away permanently.</summary>
    public void Forget(string file) => _aside.Remove(file);

    /// <summary>Snapshots with their tags, as stock restic lists them, oldest first.</summary>
    public IReadOnlyList<(string Id, IReadOnlyList<string> Tags)> Snapshots()
    {
        using var json = JsonDocument.Parse(Restic.Run("snapshots", "--json"));
        return
        [
            .. json
                .RootElement.EnumerateArray()
                .Select(each =>
                    (
                        each.GetProperty("id").GetString()!,
                        (IReadOnlyList<string>)(
                            each.TryGetProperty("tags", out var tags) ? [.. tags.EnumerateArray().Select(tag => tag.GetString()!)] : []
                        )
                    )
                ),
        ];
    }

    /// <summary>Whether stock restic finds everything in order; it must not notice that something is away.</summary>
    public bool IsSound() => Restic.TryRun("check", "--read-data").Code == 0;
}
