using System.Text.Json;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Repository.Writing;
using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;
using static KlarKonform.Backup.Repository.Tests.RepositoryScenario;

namespace KlarKonform.Backup.Repository.Tests;

/// <summary>
/// An observer of the packs learns nothing about where a file was cut, as in restic 0.18 and later: from the sizes of neighbouring chunks
/// of a known file the chunker's secret polynomial could be found out.
/// </summary>
public sealed class PackMixingTests : IDisposable
{
    private const string Password = "mixing";
    private const int MiB = 1 << 20;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task No_pack_is_a_stretch_of_a_large_file()
    {
        // 60 chunks, about five packs: that all of them are contiguous by chance cannot be expected within the age of the universe.
        var packs = await WriteAsync(new WriterOptions(), (1, 80 * MiB));
        Assert.True(packs.Count >= 4);
        var stretches = packs.Count(places => places[^1] - places[0] == places.Count - 1);
        Assert.True(stretches <= 2, string.Join("; ", packs.Select(places => string.Join(',', places))));
        Assert.Contains(
            "no errors were found",
            new StockRestic(_folder["repo"], Password).Run("check", "--read-data"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Every_piece_goes_where_it_is_drawn()
    {
        var drawn = 0;
        var packs = await WriteAsync(new WriterOptions { Draw = count => drawn++ % count }, (1, 16 * MiB));
        Assert.True(drawn >= 2);
        Assert.Equal(2, packs.Count);
        Assert.Equal(
            [
                [.. Enumerable.Range(0, drawn).Where(place => place % 2 == 0)],
                [.. Enumerable.Range(0, drawn).Where(place => place % 2 == 1)],
            ],
            packs
        );
    }

    [Fact]
    public async Task The_few_pieces_of_a_small_file_are_one_pack_wherever_they_were_drawn()
    {
        var drawn = 0;
        var packs = await WriteAsync(new WriterOptions { Draw = count => drawn++ % count }, (1, 3 * MiB), (2, 10), (3, 600_000));
        Assert.True(drawn >= 3);
        Assert.Equal(Enumerable.Range(0, drawn), Assert.Single(packs).Order());
        Assert.Contains(
            "no errors were found",
            new StockRestic(_folder["repo"], Password).Run("check", "--read-data"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_piece_in_a_pack_that_is_joined_with_another_can_be_read_at_any_moment()
    {
        using var repository = await ResticRepository.InitializeAsync(
            new FolderObjectStore(_folder["repo"]),
            Password,
            "u",
            "h",
            TimeProvider.System,
            default
        );
        await repository.Index.LoadAsync(default);
        var drawn = 0;
        await using var writer = new RepositoryWriter(repository, new WriterOptions { Draw = count => drawn++ % count });
        var reader = new RepositoryReader(repository, writer);
        var ids = new List<BlobId>();
        for (var seed = 0; seed < 6; seed++)
            ids.Add(await writer.SaveBlobAsync(BlobKind.Data, Noise(seed, 50_000 + seed), default));
        var flushing = Task.Run(() => writer.FlushAsync(default));
        while (!flushing.IsCompleted)
        {
            for (var seed = 0; seed < ids.Count; seed++)
                Assert.Equal(Noise(seed, 50_000 + seed), await reader.ReadBlobAsync(BlobHandle.Data(ids[seed]), default));
        }

        await flushing;
        Assert.Single(Directory.GetFiles(_folder["repo", "data"], "*", SearchOption.AllDirectories));
        for (var seed = 0; seed < ids.Count; seed++)
            Assert.Equal(Noise(seed, 50_000 + seed), await reader.ReadBlobAsync(BlobHandle.Data(ids[seed]), default));
    }

    // The packs of the files' chunks: for each pack the positions of its chunks among all, in their order in the pack.
    private async Task<List<List<int>>> WriteAsync(WriterOptions options, params (int Seed, int Length)[] files)
    {
        var pieces = new List<BlobId>();
        using (
            var repository = await ResticRepository.InitializeAsync(
                new FolderObjectStore(_folder["repo"]),
                Password,
                "u",
                "h",
                TimeProvider.System,
                default
            )
        )
        {
            await repository.Index.LoadAsync(default);
            await using var writer = new RepositoryWriter(repository, options);
            var nodes = new SortedDictionary<string, Node>(TreeJson.NameOrder);
            foreach (var (seed, length) in files)
            {
                using var stream = new MemoryStream(Noise(seed, length));
                var saved = await writer.SaveStreamAsync(stream, default);
                pieces.AddRange(saved.Blobs);
                nodes[$"{seed}.bin"] = Node.NewFile($"{seed}.bin", (ulong)saved.Size, saved.Blobs, DateTimeOffset.UnixEpoch);
            }

            var root = await writer.SaveTreeAsync(nodes.Values, default);
            await writer.FlushAsync(default);
            await SnapshotAsync(repository, root, DateTimeOffset.UtcNow);
        }

        var restic = new StockRestic(_folder["repo"], Password);
        var packs = new List<List<int>>();
        foreach (var index in restic.Run("list", "index").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using var json = JsonDocument.Parse(restic.Run("cat", "index", index));
            foreach (var pack in json.RootElement.GetProperty("packs").EnumerateArray())
            {
                var blobs = pack.GetProperty("blobs")
                    .EnumerateArray()
                    .Where(blob => blob.GetProperty("type").GetString() == "data")
                    .OrderBy(blob => blob.GetProperty("offset").GetInt64());
                var places = blobs.Select(blob => pieces.IndexOf(BlobId.Parse(blob.GetProperty("id").GetString()!))).ToList();
                if (places.Count > 0)
                    packs.Add(places);
            }
        }

        return [.. packs.OrderBy(places => places.Min())];
    }
}
