using System.Text;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Json;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Repository.Writing;
using KlarKonform.Backup.Storage.Folder;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>
/// Writes snapshots of a scenario's configuration that a bug, another program or anyone with the password could have written.
/// </summary>
internal sealed class SnapshotForge : IAsyncDisposable
{
    private readonly BackupScenario _scenario;
    private readonly FolderObjectStore _store;
    private readonly ResticRepository _repository;
    private readonly RepositoryReader _reader;

    private SnapshotForge(BackupScenario scenario, FolderObjectStore store, ResticRepository repository)
    {
        (_scenario, _store, _repository) = (scenario, store, repository);
        Writer = new RepositoryWriter(repository);
        _reader = new RepositoryReader(repository, Writer);
    }

    public RepositoryWriter Writer { get; }

    public static async Task<SnapshotForge> OpenAsync(BackupScenario scenario)
    {
        var store = new FolderObjectStore(scenario.Folder["repository"], durable: false);
        await store.PrepareAsync(create: true, default);
        var repository = await ResticRepository.ExistsAsync(store, default)
            ? await ResticRepository.OpenAsync(store, BackupScenario.Password, default)
            : await ResticRepository.InitializeAsync(store, BackupScenario.Password, "user", "host", TimeProvider.System, default);
        await repository.Index.LoadAsync(default);
        return new SnapshotForge(scenario, store, repository);
    }

    public static ExtendedAttribute Metadata(byte[] value) => new("user.klarkonform", value);

    public async Task<Node> FileAsync(string name, byte[] content, byte[]? metadata = null, DateTimeOffset? time = null)
    {
        using var stream = new MemoryStream(content);
        var saved = await Writer.SaveStreamAsync(stream, default);
        return Node.NewFile(name, (ulong)saved.Size, saved.Blobs, time ?? DateTimeOffset.UnixEpoch) with
        {
            ExtendedAttributes = metadata is null ? null : [Metadata(metadata)],
        };
    }

    public Task<Node> FileAsync(string name, string content, string? metadata = null) =>
        FileAsync(name, Encoding.UTF8.GetBytes(content), metadata is null ? null : Encoding.UTF8.GetBytes(metadata));

    public async Task<Node> FolderAsync(string name, params IEnumerable<Node> children) =>
        Node.NewDirectory(
            name,
            await Writer.SaveTreeAsync(children.OrderBy(node => node.Name, TreeJson.NameOrder), default),
            DateTimeOffset.UnixEpoch
        );

    /// <summary>A folder whose tree has this JSON.</summary>
    public async Task<Node> RawFolderAsync(string name, string json) =>
        Node.NewDirectory(name, await Writer.SaveBlobAsync(BlobKind.Tree, Encoding.UTF8.GetBytes(json), default), DateTimeOffset.UnixEpoch);

    /// <summary>A folder whose tree is missing.</summary>
    public static Node LostFolder(string name) => Node.NewDirectory(name, Nowhere(name), DateTimeOffset.UnixEpoch);

    /// <summary>A file whose content is missing.</summary>
    public static Node LostFile(string name, byte[]? metadata = null) =>
        Node.NewFile(name, 12, [Nowhere(name)], DateTimeOffset.UnixEpoch) with
        {
            ExtendedAttributes = metadata is null ? null : [Metadata(metadata)],
        };

    /// <summary>The newest snapshot again, with every entry replaced by a function's result; null leaves an entry out.</summary>
    public async Task RewriteAsync(Func<string, Node, Task<Node?>> change)
    {
        var newest = await _repository.SnapshotsAsync(default).OrderByDescending(each => each.Snapshot.Time).FirstAsync();
        await SaveAsync(await RewriteAsync("", newest.Snapshot.Root, change));
    }

    /// <summary>A folder with additional entries.</summary>
    public async Task<Node> AddAsync(Node folder, params IEnumerable<Node> more) =>
        folder with
        {
            Subtree = await Writer.SaveTreeAsync(
                (await _reader.ReadTreeAsync(folder.Subtree!.Value, default)).Concat(more).OrderBy(node => node.Name, TreeJson.NameOrder),
                default
            ),
        };

    /// <summary>A file's content.</summary>
    public Task<byte[]> ReadAsync(Node file) => _reader.ReadContentAsync(file, default);

    public async Task SaveAsync(params IEnumerable<Node> root) =>
        await SaveAsync(await Writer.SaveTreeAsync(root.OrderBy(node => node.Name, TreeJson.NameOrder), default));

    public async ValueTask DisposeAsync()
    {
        await Writer.DisposeAsync();
        _repository.Dispose();
        await _store.DisposeAsync();
    }

    private async Task SaveAsync(BlobId root)
    {
        await Writer.FlushAsync(default);
        await _repository.SaveSnapshotAsync(
            new Snapshot
            {
                Time = NanoTime.From(DateTimeOffset.UtcNow).ToString(),
                Tree = root.ToString(),
                Paths = ["/Test"],
                Hostname = _scenario.Tenant.Options.TenantId,
                Tags = [$"config:{_scenario.Configuration().Id}", "status:succeeded"],
            },
            default
        );
    }

    private async Task<BlobId> RewriteAsync(string path, BlobId tree, Func<string, Node, Task<Node?>> change)
    {
        var nodes = new List<Node>();
        foreach (var node in await _reader.ReadTreeAsync(tree, default))
        {
            var kept = node.Subtree is { } subtree
                ? node with
                {
                    Subtree = await RewriteAsync($"{path}/{node.Name}", subtree, change),
                }
                : node;
            if (await change($"{path}/{node.Name}", kept) is { } changed)
                nodes.Add(changed);
        }

        return await Writer.SaveTreeAsync(nodes.OrderBy(node => node.Name, TreeJson.NameOrder), default);
    }

    private static BlobId Nowhere(string name) =>
        new(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes("nowhere " + name)));
}
