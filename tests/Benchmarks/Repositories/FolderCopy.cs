using System.Collections.Concurrent;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Json;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Restoring;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Repository.Writing;
using KlarKonform.Backup.Storage.Folder;

namespace KlarKonform.Backup.Benchmarks.Repositories;

/// <summary>
/// Backs up a folder into a repository and restores it: what restic backup and restic restore do, through our repository engine.
/// </summary>
internal static class FolderCopy
{
    public const string Password = "benchmark";

    // Like the engine when it writes to a folder.
    private static readonly WriterOptions s_writing = new() { PackSize = 8 << 20 };

    private static readonly ParallelOptions s_parallel = new() { MaxDegreeOfParallelism = Environment.ProcessorCount + 1 };

    public static async Task BackupAsync(string repositoryPath, string source)
    {
        await using var store = new FolderObjectStore(repositoryPath);
        using var repository = await ResticRepository.OpenAsync(store, Password, default);
        await using var held = await RepositoryLock.AcquireAsync(repository, exclusive: false, TimeProvider.System, default);
        await repository.Index.LoadAsync(default);
        await using var writer = new RepositoryWriter(repository, s_writing);
        var root = await SaveAsync(writer, new DirectoryInfo(Path.TrimEndingDirectorySeparator(source)));
        await writer.FlushAsync(default);
        await repository.SaveSnapshotAsync(
            new Snapshot
            {
                Time = NanoTime.From(DateTimeOffset.Now).ToString(),
                Tree = root.ToString(),
                Paths = [source],
                Hostname = "benchmark",
            },
            default
        );
    }

    public static async Task RestoreAsync(string repositoryPath, string target)
    {
        await using var store = new FolderObjectStore(repositoryPath);
        using var repository = await ResticRepository.OpenAsync(store, Password, default);
        await repository.Index.LoadAsync(default);
        var reader = new RepositoryReader(repository);
        var files = new List<FileToRestore>();
        await foreach (var (_, snapshot) in repository.SnapshotsAsync(default))
            await CollectAsync(reader, snapshot.Root, target, files);
        await new FileRestorer(repository, Environment.ProcessorCount + 1).RestoreAsync(
            files,
            (file, failure) =>
            {
                if (failure is not null)
                    throw new InvalidOperationException($"{file.Path} was not restored.", failure);
            },
            default
        );
    }

    // Like restic: files of all folders concurrently, and a folder's tree as soon as its last file is stored.
    private static async Task<BlobId> SaveAsync(RepositoryWriter writer, DirectoryInfo root)
    {
        var top = new OpenFolder(null, root);
        await Parallel.ForEachAsync(
            FilesOf(top),
            s_parallel,
            async (item, token) =>
            {
                var (folder, file) = item;
                if (file is not null)
                {
                    await using var stream = new SourceFile(file.FullName);
                    var saved = await writer.SaveStreamAsync(stream, token);
                    folder.Add(Node.NewFile(file.Name, (ulong)saved.Size, saved.Blobs, file.LastWriteTimeUtc));
                }

                await folder.ReleaseAsync(writer);
            }
        );
        return top.Tree;
    }

    // A folder without files is returned itself, so that it is released too.
    private static IEnumerable<(OpenFolder Folder, FileInfo? File)> FilesOf(OpenFolder folder)
    {
        foreach (var child in folder.Info.EnumerateDirectories())
        {
            folder.Hold();
            foreach (var item in FilesOf(new OpenFolder(folder, child)))
                yield return item;
        }

        foreach (var file in folder.Info.EnumerateFiles())
        {
            folder.Hold();
            yield return (folder, file);
        }

        yield return (folder, null);
    }

    /// <summary>A folder whose files are being stored. It is complete when it is listed and everything in it is stored.</summary>
    private sealed class OpenFolder(OpenFolder? parent, DirectoryInfo info)
    {
        private readonly ConcurrentBag<Node> _nodes = [];
        private int _open = 1;

        public DirectoryInfo Info => info;

        public BlobId Tree { get; private set; }

        public void Hold() => Interlocked.Increment(ref _open);

        public void Add(Node node) => _nodes.Add(node);

        public async Task ReleaseAsync(RepositoryWriter writer)
        {
            if (Interlocked.Decrement(ref _open) > 0)
                return;
            Tree = await writer.SaveTreeAsync(_nodes.OrderBy(node => node.Name, TreeJson.NameOrder), default);
            _nodes.Clear();
            if (parent is null)
                return;
            parent.Add(Node.NewDirectory(info.Name, Tree, info.LastWriteTimeUtc));
            await parent.ReleaseAsync(writer);
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
