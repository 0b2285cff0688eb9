using KlarKonform.Backup.Repository.Checking;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Repairing;
using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;

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
        Assert.Empty(await RebuildAsync(repository));
        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
        Assert.Empty(await new RepositoryChecker(repository).CheckDataAsync(repository.Index.PackSizes().Keys, null, default));
    }

    [Fact]
    public async Task A_pack_that_was_cut_short_is_named_and_left_out()
    {
        await WriteAsync();
        var pack = Directory.EnumerateFiles(_folder["repo", "data"], "*", SearchOption.AllDirectories).MaxBy(file => new FileInfo(file).Length)!;
        await using (var stream = new FileStream(pack, FileMode.Open))
            stream.SetLength(stream.Length / 2);
        using var repository = await ResticRepository.OpenAsync(new FolderObjectStore(_folder["repo"]), Password, default);
        Assert.Equal(Path.GetFileName(pack), Assert.Single(await RebuildAsync(repository)).ToString());
        Assert.DoesNotContain(BlobId.Parse(Path.GetFileName(pack)), repository.Index.PackSizes().Keys);
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

    private static async Task<IReadOnlyList<BlobId>> RebuildAsync(ResticRepository repository)
    {
        await using var exclusive = await RepositoryLock.AcquireAsync(repository, exclusive: true, TimeProvider.System, default);
        return await new IndexRepairer(repository, exclusive).RebuildAsync(default);
    }
}
