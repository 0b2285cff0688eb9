using System.Security.Cryptography;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Engine.Checks;

/// <summary>Whether the storage does all that a repository asks of it: write, read, read a part, list and delete.</summary>
internal sealed class StorageWriteCheck : IConnectionCheck
{
    public string Title => Texts.Get("Check_StorageWrite");

    public IReadOnlyList<Type> Needs => [typeof(StorageCheck)];

    public async Task<CheckOutcome?> RunAsync(CheckContext context, CancellationToken cancellationToken)
    {
        // Among the packs, so that no additional folder is left behind; its name is not an id, so no program takes it for a pack.
        var key = $"{RepositoryLayout.Folder(RepositoryFile.Data)}/klarkonform-probe-{Guid.NewGuid():N}";
        var content = RandomNumberGenerator.GetBytes(1024);
        await context.Store.SaveAsync(key, content, cancellationToken);
        try
        {
            if (!await ComesBackAsync(context.Store, key, content, cancellationToken))
                throw new StorageException(
                    StorageErrorKind.Other,
                    context.Store.Location,
                    key,
                    "The probe object did not come back as it was written."
                );
        }
        finally
        {
            await context.Store.DeleteAsync(key, CancellationToken.None);
        }

        return CheckOutcome.Works();
    }

    private static async Task<bool> ComesBackAsync(IObjectStore store, string key, byte[] content, CancellationToken cancellationToken)
    {
        await using var stream = await store.OpenReadAsync(key, 0, null, cancellationToken);
        var read = new byte[content.Length];
        await stream.ReadExactlyAsync(read, cancellationToken);

        // Some servers and gateways ignore ranges. Then no pack can be read, which must not come to light only during a restore.
        var (offset, part) = (content.Length / 2, new byte[content.Length / 4]);
        await using var range = await store.OpenReadAsync(key, offset, part.Length, cancellationToken);
        await range.ReadExactlyAsync(part, cancellationToken);
        var isListed = false;
        await foreach (var item in store.ListAsync(RepositoryLayout.Folder(RepositoryFile.Data), cancellationToken))
            isListed |= item.Key == key;
        return isListed && read.SequenceEqual(content) && part.SequenceEqual(content.Skip(offset).Take(part.Length));
    }
}
