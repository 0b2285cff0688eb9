using System.Globalization;
using System.Text.Json;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Writing;
using KlarKonform.Backup.Storage.Memory;

namespace KlarKonform.Backup.Benchmarks;

/// <summary>Bytes of memory per blob that a completely read index takes.</summary>
internal static class IndexBenchmark
{
    private const int Blobs = 400_000;

    public static async Task<int> RunAsync()
    {
        var store = new MemoryObjectStore();
        using (var repository = await ResticRepository.InitializeAsync(store, "password", "user", "host", TimeProvider.System, default))
        {
            await using var held = await RepositoryLock.AcquireAsync(repository, exclusive: false, TimeProvider.System, default);
            await using var writer = new RepositoryWriter(repository);
            await Parallel.ForEachAsync(
                Enumerable.Range(0, Blobs),
                async (number, token) =>
                {
                    using var content = new MemoryStream(BitConverter.GetBytes(number));
                    await writer.SaveStreamAsync(content, token);
                }
            );
            await writer.FlushAsync(default);
        }

        using var opened = await ResticRepository.OpenAsync(store, "password", default);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await opened.Index.LoadAsync(default);
        var bytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)opened.Index.Blobs.Count;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{opened.Index.Blobs.Count} blobs: {bytes:0.0} bytes each"));
        Console.WriteLine(JsonSerializer.Serialize(new { blobs = opened.Index.Blobs.Count, bytesPerBlob = Math.Round(bytes, 1) }));
        return bytes < 60 ? 0 : 1;
    }
}
