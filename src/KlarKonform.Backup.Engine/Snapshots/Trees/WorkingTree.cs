using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Repository.Writing;

namespace KlarKonform.Backup.Engine.Snapshots.Trees;

/// <summary>
/// A tree of the previous snapshot on its way to the next one. The cost depends only on the folders touched. Not thread-safe.
/// </summary>
internal sealed class WorkingTree
{
    private readonly RepositoryReader _reader;
    private readonly RepositoryWriter _writer;
    private readonly TimeProvider _time;
    private BlobId? _saved;
    private WorkingDirectory? _root;

    public WorkingTree(RepositoryReader reader, RepositoryWriter writer, BlobId? root, TimeProvider time)
    {
        _reader = reader;
        _writer = writer;
        _saved = root;
        _time = time;
    }

    public int LoadedCount => _root?.LoadedCount ?? 0;

    public async Task<WorkingDirectory> RootAsync(CancellationToken cancellationToken)
    {
        if (_root is null)
        {
            IReadOnlyList<Node> nodes = _saved is { } saved ? await _reader.ReadTreeAsync(saved, cancellationToken) : [];
            _root = new WorkingDirectory(nodes, changed: _saved is null);
        }

        return _root;
    }

    public async Task<WorkingDirectory?> FindAsync(IEnumerable<string> path, CancellationToken cancellationToken)
    {
        var current = await RootAsync(cancellationToken);
        foreach (var name in path)
        {
            if (await current.OpenAsync(name, _reader.ReadTreeAsync, cancellationToken) is not { } next)
                return null;
            current = next;
        }

        return current;
    }

    public async Task<WorkingDirectory> GetOrCreateAsync(IEnumerable<string> path, CancellationToken cancellationToken)
    {
        var current = await RootAsync(cancellationToken);
        foreach (var name in path)
            current = await OpenOrCreateAsync(current, name, cancellationToken);
        return current;
    }

    public async Task<WorkingDirectory> OpenOrCreateAsync(WorkingDirectory directory, string name, CancellationToken cancellationToken) =>
        await directory.OpenAsync(name, _reader.ReadTreeAsync, cancellationToken)
        ?? directory.Create(Node.NewDirectory(name, default, _time.GetUtcNow()));

    public Task<WorkingDirectory?> OpenAsync(WorkingDirectory directory, string name, CancellationToken cancellationToken) =>
        directory.OpenAsync(name, _reader.ReadTreeAsync, cancellationToken);

    public Task<byte[]> ReadFileAsync(Node node, CancellationToken cancellationToken) => _reader.ReadContentAsync(node, cancellationToken);

    public async Task<Node> NewFileAsync(string name, byte[] content, CancellationToken cancellationToken)
    {
        using var stream = new MemoryStream(content, writable: false);
        var saved = await _writer.SaveStateAsync(stream, cancellationToken);
        return Node.NewFile(name, (ulong)saved.Size, saved.Blobs, _time.GetUtcNow());
    }

    /// <summary>Stores what changed and returns the root's id. Releases the memory.</summary>
    public async Task<BlobId> SaveAsync(CancellationToken cancellationToken)
    {
        if (_root is not null && await _root.SaveAsync(_writer.SaveTreeAsync, cancellationToken) is { } id)
            _saved = id;
        _root = null;
        return _saved ??= await _writer.SaveTreeAsync([], cancellationToken);
    }
}
