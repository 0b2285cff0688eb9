using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Engine.Sources.WhatsApp.Locations;

/// <summary>A folder, an SFTP server's folder or a bucket.</summary>
internal sealed class StoreLocation(IObjectStore store) : IDropLocation
{
    public string Name => store.Location;

    public async Task<IReadOnlyList<DropFile>> ListAsync(CancellationToken cancellationToken)
    {
        try
        {
            await store.PrepareAsync(create: false, cancellationToken);
            var files = new List<DropFile>();
            await foreach (var item in store.ListAsync("", cancellationToken))
                files.Add(new DropFile(item.Key, item.Size, item.Modified ?? DateTimeOffset.UnixEpoch));
            return [.. files.OrderBy(file => file.Key, StringComparer.Ordinal)];
        }
        catch (Exception exception) when (DropFailure.IsOne(exception))
        {
            throw DropFailure.Of(exception, Name);
        }
    }

    public async Task<Stream> OpenAsync(DropFile file, long offset, CancellationToken cancellationToken)
    {
        try
        {
            return await store.OpenReadAsync(file.Key, offset, null, cancellationToken);
        }
        catch (Exception exception) when (DropFailure.IsOne(exception))
        {
            throw DropFailure.Of(exception, Name);
        }
    }

    public async Task DeleteAsync(DropFile file, CancellationToken cancellationToken)
    {
        try
        {
            await store.DeleteAsync(file.Key, cancellationToken);
        }
        catch (Exception exception) when (DropFailure.IsOne(exception))
        {
            throw DropFailure.Of(exception, Name);
        }
    }

    public ValueTask DisposeAsync() => store.DisposeAsync();
}
