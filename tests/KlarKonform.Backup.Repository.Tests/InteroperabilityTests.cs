using System.Text.Json;
using KlarKonform.Backup.Repository.Checking;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Repository.Writing;
using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Repository.Tests;

public sealed class InteroperabilityTests : IDisposable
{
    private const string Password = "Grüße & <Küsse>";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("noise", "0.14")]
    [InlineData("noise", "0.19")]
    [InlineData("zeros", "0.18")]
    [InlineData("pattern", "0.19")]
    [InlineData("letters", "0.19")]
    public async Task Our_cut_points_are_restics_so_the_same_file_is_stored_once(string kind, string version)
    {
        var random = new Random(3);
        var content = Noise(random, 30_000_000);
        for (var i = 0; i < content.Length && kind != "noise"; i++)
            content[i] = kind switch
            {
                "zeros" => 0,
                "pattern" => (byte)(i % 251 * (i >> 20)),
                _ => (byte)('a' + (content[i] % 6)),
            };
        Directory.CreateDirectory(_folder["source"]);
        await File.WriteAllBytesAsync(_folder["source", "noise.bin"], content);
        var restic = Peers.Restic(version, _folder["repo"], Password);
        restic.Run("init");
        restic.Run("backup", _folder["source"]);

        using var repository = await ResticRepository.OpenAsync(new FolderObjectStore(_folder["repo"]), Password, default);
        await repository.Index.LoadAsync(default);
        await using var writer = new RepositoryWriter(repository);
        await using var stream = new UnevenStream(content, random);
        var saved = await writer.SaveStreamAsync(stream, default);
        Assert.Equal(content.Length, saved.Size);
        Assert.True(saved.Blobs.Count > 3);
        Assert.Equal(0, writer.BlobsStored);
    }

    [Fact]
    public async Task A_wrong_password_opens_nothing()
    {
        var store = new FolderObjectStore(_folder["repo"]);
        (await ResticRepository.InitializeAsync(store, Password, "u", "h", TimeProvider.System, default)).Dispose();
        var refused = await Assert.ThrowsAsync<RepositoryException>(() => ResticRepository.OpenAsync(store, "wrong", default));
        Assert.Equal(RepositoryErrorKind.WrongPassword, refused.Kind);
    }

    [Fact]
    public async Task A_flipped_bit_in_a_pack_is_found_and_never_read()
    {
        var store = new FolderObjectStore(_folder["repo"]);
        using var repository = await ResticRepository.InitializeAsync(store, Password, "u", "h", TimeProvider.System, default);
        await WriteSnapshotAsync(repository, new() { ["file"] = Noise(new Random(1), 100_000) });
        var pack = Directory.GetFiles(_folder["repo", "data"], "*", SearchOption.AllDirectories).MaxBy(file => new FileInfo(file).Length)!;
        var bytes = await File.ReadAllBytesAsync(pack);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(pack, bytes);

        var checker = new RepositoryChecker(repository);
        Assert.Empty(await checker.CheckPacksAsync(default));
        var problems = await checker.CheckDataAsync(repository.Index.Blobs.PackSizes().Keys, null, default);
        Assert.Contains(problems, problem => problem.Kind == CheckProblemKind.DamagedPack);
        await using var writer = new RepositoryWriter(repository);
        using var stream = new MemoryStream(Noise(new Random(1), 100_000));
        var id = (await writer.SaveStreamAsync(stream, default)).Blobs[0];
        var refused = await Assert.ThrowsAsync<RepositoryException>(() =>
            new RepositoryReader(repository).ReadBlobAsync(BlobHandle.Data(id), default)
        );
        Assert.Equal(RepositoryErrorKind.Damaged, refused.Kind);
    }

    private static async Task WriteSnapshotAsync(ResticRepository repository, SortedDictionary<string, byte[]> files)
    {
        await using var writer = new RepositoryWriter(repository);
        var nodes = new List<Node>();
        foreach (var (name, content) in files)
        {
            using var stream = new MemoryStream(content);
            var saved = await writer.SaveStreamAsync(stream, default);
            nodes.Add(
                Node.NewFile(name, (ulong)saved.Size, saved.Blobs, DateTimeOffset.UtcNow) with
                {
                    ExtendedAttributes =
                    [
                        new ExtendedAttribute("user.klarkonform", JsonSerializer.SerializeToUtf8Bytes(new { id = name })),
                    ],
                }
            );
        }

        var folder = Node.NewDirectory("folder", await writer.SaveTreeAsync(nodes, default), DateTimeOffset.UtcNow);
        var root = await writer.SaveTreeAsync([folder], default);
        await writer.FlushAsync(default);
        await repository.SaveSnapshotAsync(
            new Snapshot
            {
                Time = Json.NanoTime.From(DateTimeOffset.UtcNow).ToString(),
                Tree = root.ToString(),
                Paths = ["/Daily"],
                Hostname = "tenant",
            },
            default
        );
    }

    private static byte[] Noise(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}
