using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;
using static KlarKonform.Backup.Repository.Tests.RepositoryScenario;

namespace KlarKonform.Backup.Repository.Tests;

/// <summary>Many create a repository at the same time, and one of them is slow: suspended, or on an overloaded machine.</summary>
public sealed class InitializerTests : IDisposable
{
    private const string Password = "first";
    private readonly TemporaryFolder _folder = new();
    private string? _createdByOthers;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0)] // Before its key.
    [InlineData(1)] // Before what follows it: the config, or the key's removal.
    public async Task Who_sleeps_after_its_key_takes_nothing_from_the_repository_that_others_created_with_it(int change)
    {
        await using var slow = new PausedStore(new FolderObjectStore(_folder["repo"]), change, CreateAsync);
        using (var made = await ResticRepository.InitializeAsync(slow, Password, "u", "slow", TimeProvider.System, default))
            Assert.Equal(_createdByOthers, made.Config.Id);
        Assert.True(slow.HasPaused);
        await AssertWholeAsync();
    }

    [Fact]
    public async Task Who_sleeps_between_its_key_and_the_look_at_the_keys_takes_nothing_either()
    {
        var looks = 0;
        await using var slow = new WatchedStore(
            new FolderObjectStore(_folder["repo"]),
            async folder =>
            {
                // The first look, before its own key, finds none.
                if (folder == RepositoryLayout.Folder(RepositoryFile.Key) && Interlocked.Increment(ref looks) == 2)
                    await CreateAsync();
            }
        );
        (await ResticRepository.InitializeAsync(slow, Password, "u", "slow", TimeProvider.System, default)).Dispose();
        Assert.InRange(looks, 2, int.MaxValue);
        await AssertWholeAsync();
    }

    [Fact]
    public async Task Many_that_find_the_key_of_a_creation_that_was_cut_create_the_same_repository()
    {
        using (
            await ResticRepository.InitializeAsync(new FolderObjectStore(_folder["repo"]), Password, "u", "h", TimeProvider.System, default)
        )
            File.Delete(_folder["repo", "config"]);
        var opened = await Task.WhenAll(
            Enumerable
                .Range(0, 6)
                .Select(_ =>
                    Task.Run(() =>
                        ResticRepository.InitializeAsync(
                            new FolderObjectStore(_folder["repo"]),
                            Password,
                            "u",
                            "h",
                            TimeProvider.System,
                            default
                        )
                    )
                )
        );
        Assert.Single(opened.Select(each => (each.Config.Id, each.Config.ChunkerPolynomial)).Distinct());
        foreach (var repository in opened)
            repository.Dispose();
        await AssertWholeAsync();
    }

    [Fact]
    public async Task Where_a_listing_never_shows_what_was_written_the_creation_ends_and_leaves_nothing()
    {
        await using var blind = new LyingStore(new FolderObjectStore(_folder["repo"])) { Shows = _ => false };
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var refused = await Assert.ThrowsAsync<RepositoryException>(() =>
            ResticRepository.InitializeAsync(blind, Password, "u", "h", new BriskTime(60), limit.Token)
        );
        Assert.Equal(RepositoryErrorKind.Doubtful, refused.Kind);
        Assert.Empty(Directory.GetFiles(_folder["repo", "keys"]));
        Assert.False(File.Exists(_folder["repo", "config"]));
    }

    [Fact]
    public async Task A_listing_that_lags_is_waited_for()
    {
        var seen = new Dictionary<string, int>();
        await using var slow = new LyingStore(new FolderObjectStore(_folder["repo"]))
        {
            Shows = item => (seen[item.Key] = seen.GetValueOrDefault(item.Key) + 1) > 3,
        };
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        (await ResticRepository.InitializeAsync(slow, Password, "u", "h", new BriskTime(60), limit.Token)).Dispose();
        Assert.Single(Directory.GetFiles(_folder["repo", "keys"]));
        await AssertWholeAsync();
    }

    [Fact]
    public async Task Who_opens_while_somebody_takes_over_finds_the_new_key_where_the_old_one_was_listed()
    {
        await CreateAsync();
        var keys = _folder["repo", "keys"];
        var (old, aside) = (Assert.Single(Directory.GetFiles(keys)), _folder["aside"]);
        using (var repository = await ResticRepository.OpenAsync(new FolderObjectStore(_folder["repo"]), Password, default))
            await new RepositoryKeys(repository).AddAsync(Password, "u", "other", TimeProvider.System, default);
        var added = Directory.GetFiles(keys).Single(file => file != old);
        File.Move(added, aside);
        await using var store = new ReplacedStore(
            new FolderObjectStore(_folder["repo"]),
            Path.GetFileName(old),
            () =>
            {
                // Listed, but gone when it is read; the other one has arrived since.
                if (File.Exists(old))
                {
                    File.Delete(old);
                    File.Move(aside, added);
                }
            }
        );
        (await ResticRepository.OpenAsync(store, Password, default)).Dispose();
    }

    private async Task CreateAsync()
    {
        using var created = await ResticRepository.InitializeAsync(
            new FolderObjectStore(_folder["repo"]),
            Password,
            "u",
            "quick",
            TimeProvider.System,
            default
        );
        _createdByOthers = created.Config.Id;
        await BackupAsync(created, (1, 100_000));
    }

    private async Task AssertWholeAsync()
    {
        using var opened = await ResticRepository.OpenAsync(new FolderObjectStore(_folder["repo"]), Password, default);
        await BackupAsync(opened, (2, 50_000));
        Assert.Contains(
            "no errors were found",
            new StockRestic(_folder["repo"], Password).Run("check", "--read-data"),
            StringComparison.Ordinal
        );
    }
}
