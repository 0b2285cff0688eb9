using System.Text.Json.Nodes;
using KlarKonform.Backup.Repository.Checking;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Restoring;
using KlarKonform.Backup.Repository.Writing;
using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;
using static KlarKonform.Backup.Repository.Tests.RepositoryScenario;

namespace KlarKonform.Backup.Repository.Tests;

/// <summary>What restic writes in different ways than we do: all of it is read, checked and restored.</summary>
public sealed class FormatTests : IDisposable
{
    private const string Password = "formats";
    private readonly TemporaryFolder _folder = new();

    private StockRestic Restic => new(_folder["repo"], Password);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("1", "auto")]
    [InlineData("2", "off")]
    [InlineData("2", "auto")]
    [InlineData("2", "max")]
    public async Task A_repository_of_any_version_and_compression_is_read_checked_and_restored(string version, string compression)
    {
        MakeSource();
        Restic.Run("init", "--repository-version", version);
        Restic.Run("backup", "--compression", compression, "--host", "another-host", "--tag", "theirs", _folder["source"]);

        using var repository = await OpenAsync();
        await repository.Index.LoadAsync(default);
        var checker = new RepositoryChecker(repository);
        Assert.Empty(await checker.CheckPacksAsync(default));
        Assert.Empty(await checker.CheckDataAsync(repository.Index.Blobs.PackSizes().Keys, null, default));
        await foreach (var (_, snapshot) in repository.SnapshotsAsync(default))
        {
            Assert.Equal(("another-host", "theirs"), (snapshot.Hostname, snapshot.Tags![0]));
            Assert.Empty(await checker.CheckTreesAsync([snapshot.Root], new HashSet<BlobId>(), default));
        }

        await RestoreLatestAsync(repository);
    }

    [Fact]
    public async Task A_repository_of_version_1_is_read_only_and_says_how_to_upgrade_it()
    {
        MakeSource();
        Restic.Run("init", "--repository-version", "1");
        Restic.Run("backup", _folder["source"]);
        using var repository = await OpenAsync();
        await repository.Index.LoadAsync(default);
        var refused = Assert.Throws<RepositoryException>(() => new RepositoryWriter(repository));
        Assert.Equal(RepositoryErrorKind.UnsupportedVersion, refused.Kind);
        Assert.Contains("upgrade_repo_v2", refused.Message, StringComparison.Ordinal);

        Restic.Run("migrate", "upgrade_repo_v2");
        using var upgraded = await OpenAsync();
        await BackupAsync(upgraded, (1, 400_000));
        Restic.Run("check", "--read-data");
    }

    [Fact]
    public async Task An_index_that_supersedes_others_is_read_beside_them()
    {
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
            await BackupAsync(repository, (1, 900_000));
            await BackupAsync(repository, (2, 900_000));
        }

        // Like a program that was interrupted after writing the merged index: it names the old files, and they still exist.
        var merged = new JsonObject
        {
            ["supersedes"] = new JsonArray(),
            ["packs"] = new JsonArray(),
            ["something_new"] = new JsonObject { ["x"] = 1 },
        };
        foreach (var id in Restic.Run("list", "index").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            merged["supersedes"]!.AsArray().Add(id);
            foreach (var pack in JsonNode.Parse(Restic.Run("cat", "index", id))!["packs"]!.AsArray())
                merged["packs"]!.AsArray().Add(pack!.DeepClone());
        }

        ForeignProgram.Write(_folder["repo"], Password, "index", merged.ToJsonString());

        using var again = await OpenAsync();
        await again.Index.LoadAsync(default);
        Assert.Equal(5, again.Index.SmallFiles); // Two runs, each with one for content and one for trees, and the merged one.
        Assert.Empty(await new RepositoryChecker(again).CheckPacksAsync(default));
        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
        await PruneAsync(again);
        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_newer_program_puts_beside_a_trees_nodes_is_passed_over()
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
        var (data, tree) = (BlobId.Of("data"u8), BlobId.Of("tree"u8));
        var json =
            "{\"before\":[{\"name\":\"no\",\"subtree\":1,\"content\":[1]}],\"nodes\":[{\"name\":\"a\",\"type\":\"dir\","
            + "\"later\":[{\"subtree\":2}],\"content\":[\""
            + data
            + "\"],\"subtree\":\""
            + tree
            + "\"}],\"after\":[{\"name\":\"no\"}]}";
        await using var writer = new RepositoryWriter(repository);
        var id = await writer.SaveBlobAsync(BlobKind.Tree, System.Text.Encoding.UTF8.GetBytes(json), default);
        await writer.FlushAsync(default);
        var reader = new RepositoryReader(repository);
        Assert.Equal(
            ("a", tree),
            (Assert.Single(await reader.ReadTreeAsync(id, default)).Name, Assert.Single(await reader.ReadTreeAsync(id, default)).Subtree)
        );
        var links = await reader.ReadTreeLinksAsync(id, default);
        Assert.Equal((("a", tree), data), (Assert.Single(links.Subtrees), Assert.Single(links.Blobs)));
    }

    [Theory]
    [InlineData("not JSON")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"packs\":[{\"id\":\"short\",\"blobs\":[]}]}")]
    [InlineData(
        "{\"packs\":[{\"id\":\"0000000000000000000000000000000000000000000000000000000000000000\","
            + "\"blobs\":[{\"id\":\"0000000000000000000000000000000000000000000000000000000000000000\",\"type\":\"data\","
            + "\"offset\":-1,\"length\":5}]}]}"
    )]
    [InlineData(
        "{\"packs\":[{\"id\":\"0000000000000000000000000000000000000000000000000000000000000000\","
            + "\"blobs\":[{\"id\":\"0000000000000000000000000000000000000000000000000000000000000000\",\"type\":\"music\","
            + "\"offset\":1,\"length\":5}]}]}"
    )]
    [InlineData(
        "{\"packs\":[{\"id\":\"0000000000000000000000000000000000000000000000000000000000000000\","
            + "\"blobs\":[{\"id\":\"0000000000000000000000000000000000000000000000000000000000000000\",\"type\":\"data\","
            + "\"offset\":1,\"length\":5}]}]}"
    )]
    [InlineData(
        "{\"packs\":[{\"id\":\"0000000000000000000000000000000000000000000000000000000000000000\","
            + "\"blobs\":[{\"id\":\"0000000000000000000000000000000000000000000000000000000000000000\",\"type\":\"data\","
            + "\"offset\":1,\"length\":50,\"uncompressed_length\":4000000000}]}]}"
    )]
    [InlineData("{\"packs\":[{\"blobs\":[]}]}")]
    [InlineData("{\"packs\":[")]
    public async Task An_index_that_is_none_is_said_to_be_damaged(string json)
    {
        using var repository = await ResticRepository.InitializeAsync(
            new FolderObjectStore(_folder["repo"]),
            Password,
            "u",
            "h",
            TimeProvider.System,
            default
        );
        ForeignProgram.Write(_folder["repo"], Password, "index", json);
        Assert.Equal(
            RepositoryErrorKind.Damaged,
            (await Assert.ThrowsAsync<RepositoryException>(() => repository.Index.LoadAsync(default))).Kind
        );
    }

    private void MakeSource()
    {
        Directory.CreateDirectory(_folder["source", "sub"]);
        File.WriteAllBytes(_folder["source", "noise.bin"], Noise(1, 3_000_000));
        File.WriteAllText(_folder["source", "text.txt"], string.Concat(Enumerable.Repeat("Sehr geehrte Damen und Herren, ", 50_000)));
        File.WriteAllText(_folder["source", "sub", "empty.txt"], "");
        File.WriteAllText(_folder["source", "sub", "Ümläut & Sonderzeichen.txt"], "Grüße");
    }

    private async Task RestoreLatestAsync(ResticRepository repository)
    {
        var reader = new RepositoryReader(repository);
        var files = new List<FileToRestore>();
        await foreach (var (_, snapshot) in repository.SnapshotsAsync(default))
            await CollectAsync(reader, snapshot.Root, _folder["restored"], files);
        var failures = new List<Exception>();
        await new FileRestorer(repository, 2).RestoreAsync(
            files,
            (_, failure) =>
            {
                if (failure is not null)
                    failures.Add(failure);
            },
            default
        );
        Assert.Empty(failures);
        foreach (var file in Directory.EnumerateFiles(_folder["source"], "*", SearchOption.AllDirectories))
        {
            var restored = _folder["restored"] + file;
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(restored));
            Assert.Equal(File.GetLastWriteTimeUtc(file), File.GetLastWriteTimeUtc(restored));
        }
    }

    private static async Task CollectAsync(RepositoryReader reader, BlobId tree, string target, List<FileToRestore> files)
    {
        Directory.CreateDirectory(target);
        foreach (var node in await reader.ReadTreeAsync(tree, default))
        {
            if (node.Subtree is { } subtree)
                await CollectAsync(reader, subtree, Path.Combine(target, node.Name), files);
            else
                files.Add(new FileToRestore(node, Path.Combine(target, node.Name), Overwrite: false));
        }
    }

    private Task<ResticRepository> OpenAsync() => ResticRepository.OpenAsync(new FolderObjectStore(_folder["repo"]), Password, default);
}
