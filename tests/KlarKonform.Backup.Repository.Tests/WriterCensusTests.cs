using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Writing;
using KlarKonform.Backup.Storage.Memory;
using static KlarKonform.Backup.Repository.Tests.RepositoryScenario;

namespace KlarKonform.Backup.Repository.Tests;

/// <summary>
/// A writer counts every pack and index file that it stored, so that several counts can be added without looking at the files.
/// </summary>
public sealed class WriterCensusTests
{
    [Fact]
    public async Task What_writers_say_they_stored_adds_up_to_what_is_there()
    {
        var store = new MemoryObjectStore();
        using var repository = await ResticRepository.InitializeAsync(store, "census", "u", "h", TimeProvider.System, default);
        await using var held = await RepositoryLock.AcquireAsync(repository, exclusive: false, TimeProvider.System, default);
        await using var first = new RepositoryWriter(repository, new WriterOptions { PackSize = 4 << 20 });
        await using var second = new RepositoryWriter(repository);
        Assert.Equal(default, first.FilesStored);
        for (var round = 0; round < 3; round++)
        {
            await Parallel.ForEachAsync(
                Enumerable.Range(0, 6),
                async (number, token) =>
                {
                    using var stream = new MemoryStream(Noise((round * 100) + number, 1_500_000));
                    await (number % 2 == 0 ? first : second).SaveStreamAsync(stream, token);
                    using var state = new MemoryStream(Noise((round * 100) + 50 + number, 20_000));
                    await (number % 2 == 0 ? first : second).SaveStateAsync(state, token);
                }
            );
            await first.FlushAsync(default);
            await second.FlushAsync(default);
            Assert.Equal(await CountAsync(store), first.FilesStored.With(second.FilesStored));
        }
    }

    private static async Task<FileSetDigest> CountAsync(MemoryObjectStore store)
    {
        var census = default(FileSetDigest);
        foreach (var folder in (string[])["data", "index"])
        {
            await foreach (var item in store.ListAsync(folder, default))
                census = census.With(BlobId.Parse(item.Name), item.Size);
        }

        return census;
    }
}
