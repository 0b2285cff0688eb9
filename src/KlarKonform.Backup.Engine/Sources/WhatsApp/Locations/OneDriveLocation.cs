using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Drives;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Engine.Sources.WhatsApp.Locations;

/// <summary>A folder in a user's OneDrive. It is only read.</summary>
internal sealed class OneDriveLocation(GraphClient client, OneDriveFolder folder) : IDropLocation
{
    private const int MaxDepth = 16;

    private readonly DriveApi _drives = new(client);
    private string? _drive;

    public string Name => $"OneDrive: {folder.User}/{folder.Path.Trim('/')}";

    public async Task<IReadOnlyList<DropFile>> ListAsync(CancellationToken cancellationToken)
    {
        try
        {
            _drive ??= await _drives.UserDriveAsync(folder.User, cancellationToken);
            var root = "root";
            foreach (var part in folder.Path.Split('/', StringSplitOptions.RemoveEmptyEntries))
                root = await FindAsync(root, part, cancellationToken);
            var files = new List<DropFile>();
            await CollectAsync(root, "", 0, files, cancellationToken);
            return [.. files.OrderBy(file => file.Key, StringComparer.Ordinal)];
        }
        catch (GraphException exception)
        {
            throw DropFailure.Of(exception, Name);
        }
    }

    public async Task<Stream> OpenAsync(DropFile file, long offset, CancellationToken cancellationToken)
    {
        try
        {
            return await _drives.ContentAsync(_drive!, file.Handle!, file.Size, null, offset, cancellationToken);
        }
        catch (GraphException exception)
        {
            throw DropFailure.Of(exception, Name);
        }
    }

    public Task DeleteAsync(DropFile file, CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<string> FindAsync(string parent, string name, CancellationToken cancellationToken)
    {
        await foreach (var page in _drives.ChildrenAsync(_drive!, parent, cancellationToken))
        {
            foreach (var item in page.Items)
            {
                if (item.TryGetProperty("folder", out _) && string.Equals(item.Text("name"), name, StringComparison.OrdinalIgnoreCase))
                    return item.Text("id");
            }
        }

        throw new GraphException(
            GraphErrorKind.NotFound,
            System.Net.HttpStatusCode.NotFound,
            "itemNotFound",
            $"There is no folder '{name}'."
        );
    }

    private async Task CollectAsync(string parent, string path, int depth, List<DropFile> files, CancellationToken cancellationToken)
    {
        if (depth > MaxDepth)
            return;
        var folders = new List<(string Id, string Path)>();
        await foreach (var page in _drives.ChildrenAsync(_drive!, parent, cancellationToken))
        {
            foreach (var item in page.Items)
            {
                var key = path.Length == 0 ? item.Text("name") : $"{path}/{item.Text("name")}";
                if (item.TryGetProperty("folder", out _))
                    folders.Add((item.Text("id"), key));
                else if (item.TryGetProperty("file", out _))
                    files.Add(new DropFile(key, DriveItemJson.Size(item), item.Time("lastModifiedDateTime")) { Handle = item.Text("id") });
            }
        }

        foreach (var (id, key) in folders)
            await CollectAsync(id, key, depth + 1, files, cancellationToken);
    }
}
