using System.Collections.Concurrent;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Json;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Restoring;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Repository.Writing;
using KlarKonform.Backup.Storage.Folder;

namespace KlarKonform.Backup.Benchmarks;

/// <summary>A folder into a repository and back: what restic backup and restic restore do, through our repository engine.</summary>
internal static class FolderCopy
{
    public const string Password = "benchmark";

    private static readonly ParallelOptions s_parallel = new() { MaxDegreeOfParallelism = Environment.ProcessorCount + 1 };

    public static async Task BackupAsync(string repositoryPath, string source)
    {
        await using var store = new FolderObjectStore(repositoryPath);
        using var repository = await ResticRepository.OpenAsync(store, Password, default);
        await using var held = await RepositoryLock.AcquireAsync(repository, exclusive: false, TimeProvider.System, default);
        await repository.LoadIndexAsync(default);
        await using var writer = new RepositoryWriter(repository);
        var root = await SaveAsync(writer, new DirectoryInfo(Path.TrimEndingDirectorySeparator(source)));
        await writer.FlushAsync(default);
        await repository.SaveSnapshotAsync(new Snapshot { Time = NanoTime.From(DateTimeOffset.Now).ToString(), Tree = root.ToString(), Paths = [source], Hostname = "benchmark" }, default);
    }

    public static async Task RestoreAsync(string repositoryPath, string target)
    {
        await using var store = new FolderObjectStore(repositoryPath);
        using var repository = await ResticRepository.OpenAsync(store, Password, default);
        await repository.LoadIndexAsync(default);
        var reader = new RepositoryReader(repository);
        var files = new List<FileToRestore>();
        await foreach (var (_, snapshot) in repository.SnapshotsAsync(default))
            await CollectAsync(reader, snapshot.Root, target, files);
        await new FileRestorer(repository, Environment.ProcessorCount + 1).RestoreAsync(files, (file, failure) =>
        {
            if (failure is not null)
                throw new InvalidOperationException($"{file.Path} was not restored.", failure);
        }, default);
    }

    private static async Task<BlobId> SaveAsync(RepositoryWriter writer, DirectoryInfo root)
    {
        var nodes = new ConcurrentDictionary<string, ConcurrentBag<Node>>();
        await Parallel.ForEachAsync(root.EnumerateFiles("*", SearchOption.AllDirectories), s_parallel, async (file, token) =>
        {
            await using var stream = new SourceFile(file.FullName);
            var saved = await writer.SaveStreamAsync(stream, token);
            nodes.GetOrAdd(file.DirectoryName!, _ => []).Add(Node.NewFile(file.Name, (ulong)saved.Size, saved.Blobs, file.LastWriteTimeUtc));
        });
        return await SaveTreeAsync(root);

        async Task<BlobId> SaveTreeAsync(DirectoryInfo folder)
        {
            var own = nodes.GetOrAdd(folder.FullName, _ => []);
            foreach (var child in folder.EnumerateDirectories())
                own.Add(Node.NewDirectory(child.Name, await SaveTreeAsync(child), child.LastWriteTimeUtc));
            return await writer.SaveTreeAsync(own.OrderBy(node => node.Name, TreeJson.NameOrder), default);
        }
    }

    private static async Task CollectAsync(RepositoryReader reader, BlobId tree, string target, List<FileToRestore> files)
    {
        Directory.CreateDirectory(target);
        foreach (var node in await reader.ReadTreeAsync(tree, default))
        {
            var path = Path.Combine(target, node.Name);
            if (node.Subtree is { } subtree)
                await CollectAsync(reader, subtree, path, files);
            else
                files.Add(new FileToRestore(node, path, Overwrite: false));
        }
    }
}
