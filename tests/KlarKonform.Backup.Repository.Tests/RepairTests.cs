using KlarKonform.Backup.Repository.Checking;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;
using static KlarKonform.Backup.Repository.Tests.RepositoryScenario;

namespace KlarKonform.Backup.Repository.Tests;

public sealed class RepairTests : IDisposable
{
    private const string Password = "p";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_lost_index_is_built_anew_from_the_packs_of_restic()
    {
        await WriteAsync();
        foreach (var index in Directory.GetFiles(_folder["repo", "index"]))
            File.Delete(index);
        using var repository = await ResticRepository.OpenAsync(new FolderObjectStore(_folder["repo"]), Password, default);
        Assert.Empty((await RepairIndexAsync(repository)).Unreadable);
        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
        Assert.Empty(await new RepositoryChecker(repository).CheckDataAsync(repository.Index.Blobs.PackSizes().Keys, null, default));
    }

    [Fact]
    public async Task A_pack_that_was_cut_short_is_named_and_what_is_left_of_it_stays_readable()
    {
        await WriteAsync();
        var pack = Directory
            .EnumerateFiles(_folder["repo", "data"], "*", SearchOption.AllDirectories)
            .MaxBy(file => new FileInfo(file).Length)!;
        await using (var stream = new FileStream(pack, FileMode.Open))
            stream.SetLength(stream.Length / 2);
        using var repository = await ResticRepository.OpenAsync(new FolderObjectStore(_folder["repo"]), Password, default);
        await repository.Index.LoadAsync(default);
        var before = await ReadableAsync(repository);
        Assert.Equal(Path.GetFileName(pack), Assert.Single((await RepairIndexAsync(repository)).Unreadable).ToString());
        Assert.NotEmpty(before);
        Assert.Equal(before, await ReadableAsync(repository));
    }

    [Fact]
    public async Task A_pack_whose_header_is_damaged_stays_as_readable_as_it_was()
    {
        await WriteAsync();
        var pack = Directory
            .EnumerateFiles(_folder["repo", "data"], "*", SearchOption.AllDirectories)
            .MaxBy(file => new FileInfo(file).Length)!;
        var bytes = await File.ReadAllBytesAsync(pack);
        bytes[^20] ^= 1;
        await File.WriteAllBytesAsync(pack, bytes);
        using var repository = await ResticRepository.OpenAsync(new FolderObjectStore(_folder["repo"]), Password, default);
        var plan = await RepairIndexAsync(repository);
        Assert.True(plan.IsClean, "The index describes a pack of that size: nobody needs to read the header.");
        Restic.Run("restore", "latest", "--target", _folder["out"]);

        // And if the index is lost as well, it is named and nothing else is lost.
        var index = Directory.GetFiles(_folder["repo", "index"]).MaxBy(file => new FileInfo(file).Length)!;
        File.Delete(index);
        Assert.Contains(BlobId.Parse(Path.GetFileName(pack)), (await RepairIndexAsync(repository)).Unreadable);
    }

    [Fact]
    public async Task A_listing_that_lacks_packs_changes_nothing()
    {
        await WriteAsync();
        var files = Files();
        var hidden = 0;
        using var repository = await ResticRepository.OpenAsync(
            new LyingStore(new FolderObjectStore(_folder["repo"]))
            {
                Shows = item => !item.Key.StartsWith("data/", StringComparison.Ordinal) || hidden++ > 0,
            },
            Password,
            default
        );
        var refused = await Assert.ThrowsAsync<RepositoryException>(() => RepairIndexAsync(repository));
        Assert.Equal(RepositoryErrorKind.Doubtful, refused.Kind);
        hidden = int.MinValue;
        refused = await Assert.ThrowsAsync<RepositoryException>(() => RepairIndexAsync(repository));
        Assert.Equal(RepositoryErrorKind.Doubtful, refused.Kind);
        Assert.Equal(files, Files());
    }

    [Fact]
    public async Task A_pack_that_is_gone_is_named_and_a_backup_stores_anew_what_it_held()
    {
        using (
            var fresh = await ResticRepository.InitializeAsync(
                new FolderObjectStore(_folder["repo"]),
                Password,
                "u",
                "h",
                TimeProvider.System,
                default
            )
        )
            await BackupAsync(fresh, (1, 900_000), (2, 50_000));
        var pack = Directory
            .EnumerateFiles(_folder["repo", "data"], "*", SearchOption.AllDirectories)
            .MaxBy(file => new FileInfo(file).Length)!;
        File.Delete(pack);
        using var repository = await ResticRepository.OpenAsync(new FolderObjectStore(_folder["repo"]), Password, default);
        Assert.Equal(Path.GetFileName(pack), Assert.Single((await RepairIndexAsync(repository)).Absent).ToString());
        await BackupAsync(repository, (1, 900_000), (2, 50_000));
        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
    }

    private string[] Files() =>
        [
            .. Directory
                .EnumerateFiles(_folder["repo"], "*", SearchOption.AllDirectories)
                .Where(file => !file.Contains("locks", StringComparison.Ordinal))
                .Order(),
        ];

    // Every blob of every pack that can be read with the current index.
    private static async Task<HashSet<BlobHandle>> ReadableAsync(ResticRepository repository)
    {
        var (readable, reader) = (new HashSet<BlobHandle>(), new RepositoryReader(repository));
        foreach (var blob in repository.Index.Blobs.ByPack().SelectMany(pack => pack))
        {
            if (await Record.ExceptionAsync(() => reader.ReadBlobAsync(blob.Handle, default)) is null)
                readable.Add(blob.Handle);
        }

        return readable;
    }

    private StockRestic Restic => new(_folder["repo"], Password);

    private async Task WriteAsync()
    {
        Directory.CreateDirectory(_folder["source"]);
        var bytes = new byte[2_000_000];
        new Random(5).NextBytes(bytes);
        await File.WriteAllBytesAsync(_folder["source", "a.bin"], bytes);
        for (var i = 0; i < 400; i++)
            await File.WriteAllTextAsync(_folder["source", $"{i}.txt"], $"Datei {i}");
        Restic.Run("init");
        Restic.Run("backup", _folder["source"]);
    }
}
