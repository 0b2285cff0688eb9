using System.Collections.Concurrent;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Json;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Repository.Writing;
using KlarKonform.Backup.Storage.Folder;

namespace KlarKonform.Backup.Benchmarks;

/// <summary>A folder into a repository and back: what restic backup and restic restore do, through our repository engine.</summary>
internal static class FolderCopy
{
    public const string Password = "benchmark";

    private static readonly ParallelOptions s_parallel = new() { MaxDegreeOfParallelism = Environment.ProcessorCount + 2 };

    public static async Task BackupAsync(string repositoryPath, string source)
    {
        await using var store = new FolderObjectStore(repositoryPath);
        using var repository = await ResticRepository.OpenAsync(store, Password, default);
        await using var held = await RepositoryLock.AcquireAsync(repository, exclusive: false, TimeProvider.System, default);
        await repository.LoadIndexAsync(default);
        await using var writer = new RepositoryWriter(repository);
        var root = await SaveAsync(writer, new DirectoryInfo(source));
        await writer.FlushAsync(default);
        await repository.SaveSnapshotAsync(new Snapshot { Time = NanoTime.From(DateTimeOffset.Now).ToString(), Tree = root.ToString(), Paths = [source], Hostname = "benchmark" }, default);
    }

    public static async Task RestoreAsync(string repositoryPath, string target)
    {
        await using var store = new FolderObjectStore(repositoryPath);
        using var repository = await ResticRepository.OpenAsync(store, Password, default);
        await repository.LoadIndexAsync(default);
        var reader = new RepositoryReader(repository);
        await foreach (var (_, snapshot) in repository.SnapshotsAsync(default))
            await RestoreAsync(reader, snapshot.Root, target);
    }

    private static async Task<BlobId> SaveAsync(RepositoryWriter writer, DirectoryInfo folder)
    {
        var nodes = new ConcurrentBag<Node>();
        foreach (var child in folder.EnumerateDirectories())
            nodes.Add(Node.NewDirectory(child.Name, await SaveAsync(writer, child), child.LastWriteTimeUtc));
        await Parallel.ForEachAsync(folder.EnumerateFiles(), s_parallel, async (file, token) =>
        {
            await using var stream = new SourceFile(file.FullName);
            var saved = await writer.SaveStreamAsync(stream, token);
            nodes.Add(Node.NewFile(file.Name, (ulong)saved.Size, saved.Blobs, file.LastWriteTimeUtc));
        });
        return await writer.SaveTreeAsync(nodes.OrderBy(node => node.Name, TreeJson.NameOrder), default);
    }

    private static async Task RestoreAsync(RepositoryReader reader, BlobId tree, string target)
    {
        Directory.CreateDirectory(target);
        await Parallel.ForEachAsync(await reader.ReadTreeAsync(tree, default), s_parallel, async (node, token) =>
        {
            var path = Path.Combine(target, node.Name);
            if (node.Subtree is { } subtree)
            {
                await RestoreAsync(reader, subtree, path);
                return;
            }

            await using var stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 0);
            await reader.CopyContentAsync(node, stream, token);
        });
    }
}
