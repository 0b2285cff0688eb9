using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Repository.Tests;

public sealed class KeyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_second_password_opens_the_repository_here_and_in_restic_until_it_is_removed()
    {
        var store = new FolderObjectStore(_folder["repo"]);
        using var repository = await ResticRepository.InitializeAsync(store, "first", "anna", "host", TimeProvider.System, default);
        var keys = new RepositoryKeys(repository);
        var second = await keys.AddAsync("zweites Kennwort", "björn", "host", TimeProvider.System, default);
        (await ResticRepository.OpenAsync(store, "zweites Kennwort", default)).Dispose();
        Assert.Contains(
            "no errors were found",
            new StockRestic(_folder["repo"], "zweites Kennwort").Run("check"),
            StringComparison.Ordinal
        );
        Assert.Equal(["anna", "björn"], (await keys.ListAsync(default)).Select(key => key.UserName).Order());
        Assert.True((await keys.ListAsync(default)).Single(key => key.UserName == "anna").IsCurrent);

        await keys.RemoveAsync(second, default);
        Assert.Equal(
            RepositoryErrorKind.WrongPassword,
            (await Assert.ThrowsAsync<RepositoryException>(() => ResticRepository.OpenAsync(store, "zweites Kennwort", default))).Kind
        );
        Assert.NotEqual(0, new StockRestic(_folder["repo"], "zweites Kennwort").TryRun("snapshots").Code);
    }

    [Fact]
    public async Task A_key_that_restic_added_opens_the_repository_and_can_be_removed()
    {
        var restic = new StockRestic(_folder["repo"], "first");
        restic.Run("init");
        await File.WriteAllTextAsync(_folder["second.txt"], "second");
        restic.Run("key", "add", "--new-password-file", _folder["second.txt"]);
        using var repository = await ResticRepository.OpenAsync(new FolderObjectStore(_folder["repo"]), "second", default);
        var keys = new RepositoryKeys(repository);
        var first = Assert.Single(await keys.ListAsync(default), key => !key.IsCurrent);
        await keys.RemoveAsync(first.Id, default);
        Assert.NotEqual(0, restic.TryRun("snapshots").Code);
    }

    [Theory]
    [InlineData("", 16, 1, 1)]
    [InlineData("Kennwort mit Ümläuten", 1024, 8, 1)]
    [InlineData("password", 1024, 8, 16)]
    [InlineData("pleaseletmein", 16384, 8, 3)]
    [InlineData("restic", 32768, 8, 5)]
    public async Task A_key_file_of_any_cost_opens_here_as_it_does_by_an_independent_scrypt(string password, int n, int r, int p)
    {
        // A repository as created by another program, with its user key derived by BouncyCastle.
        ForeignProgram.Initialize(_folder["repo"], password, n, r, p);
        using var repository = await ResticRepository.OpenAsync(new FolderObjectStore(_folder["repo"]), password, default);
        Assert.Equal(2, repository.Config.Version);
    }

    [Theory]
    [InlineData(2, 1, 1_000_000_000)]
    [InlineData(1 << 20, 8, 1_000)]
    [InlineData(2, 1_000_000_000, 1)]
    public async Task A_key_file_that_asks_for_days_of_work_is_refused_and_the_others_open(int n, int r, int p)
    {
        ForeignProgram.Initialize(_folder["repo"], "first", n: 2, r: 1, p: 1);
        var right = Assert.Single(Directory.GetFiles(_folder["repo", "keys"]));
        var hostile = System.Text.Json.Nodes.JsonNode.Parse(await File.ReadAllTextAsync(right))!;
        (hostile["N"], hostile["r"], hostile["p"]) = (n, r, p);
        await File.WriteAllTextAsync(_folder["repo", "keys", new string('0', 64)], hostile.ToJsonString());
        (await ResticRepository.OpenAsync(new FolderObjectStore(_folder["repo"]), "first", default)).Dispose();
        File.Delete(right);
        var refused = await Assert.ThrowsAsync<RepositoryException>(() =>
            ResticRepository.OpenAsync(new FolderObjectStore(_folder["repo"]), "first", default)
        );
        Assert.Equal(RepositoryErrorKind.Damaged, refused.Kind);
    }

    [Fact]
    public async Task Many_that_create_a_repository_at_the_same_moment_open_the_same_one_with_one_key()
    {
        for (var round = 0; round < 4; round++)
        {
            var folder = _folder[$"race-{round}"];
            var opened = await Task.WhenAll(
                Enumerable
                    .Range(0, 6)
                    .Select(_ =>
                        Task.Run(async () =>
                        {
                            var store = new FolderObjectStore(folder);
                            return await ResticRepository.ExistsAsync(store, default)
                                ? await ResticRepository.OpenAsync(store, "first", default)
                                : await ResticRepository.InitializeAsync(store, "first", "anna", "host", TimeProvider.System, default);
                        })
                    )
            );
            Assert.Single(opened.Select(each => each.Config.Id).Distinct());
            Assert.Single(Directory.GetFiles(Path.Combine(folder, "keys")));
            foreach (var repository in opened)
                repository.Dispose();
            Assert.Contains("no errors were found", new StockRestic(folder, "first").Run("check"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_key_in_use_cannot_be_removed()
    {
        using var repository = await ResticRepository.InitializeAsync(
            new FolderObjectStore(_folder["repo"]),
            "first",
            "anna",
            "host",
            TimeProvider.System,
            default
        );
        var keys = new RepositoryKeys(repository);
        var only = Assert.Single(await keys.ListAsync(default));
        Assert.Equal(
            RepositoryErrorKind.KeyInUse,
            (await Assert.ThrowsAsync<RepositoryException>(() => keys.RemoveAsync(only.Id, default))).Kind
        );
        Assert.Single(await keys.ListAsync(default));
    }
}
