using System.IO.Compression;
using System.Security.Cryptography;
using KlarKonform.Backup.DemoTenant.Generation;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>
/// A repository that version 0.1 wrote, before types and folders were renamed: <c>repository-0.1.zip</c>, two snapshots of a small tenant
/// of the stand-in. Backups are kept for ten years: what is written once is read by every later version, and continued.
/// </summary>
public sealed class StoredRepositoryTests
{
    private static readonly TenantSizes s_sizes = new()
    {
        Users = 2,
        MailsPerUser = 5,
        FilesPerUser = 4,
        EventsPerUser = 3,
        ContactsPerUser = 3,
        MaxFileBytes = 20_000,
        MaxAttachmentBytes = 5_000,
        Sites = 1,
    };

    [Fact]
    public async Task A_repository_of_version_0_1_is_listed_searched_and_restored_as_restic_restores_it()
    {
        await using var scenario = await OpenAsync();
        var snapshots = await scenario.Engine.GetSnapshotsAsync("Test", scenario, default);
        Assert.Equal(["Succeeded", "Succeeded"], snapshots.Select(each => each.Status));
        var found = await scenario.Engine.FindItemsAsync("Test", new ItemQuery(), scenario, scenario, default).ToListAsync();
        Assert.Equal(
            ["Calendar", "Contacts", "Directory", "Mail", "OneDrive", "SharePoint"],
            found.Select(item => item.Source).Distinct().Order(StringComparer.Ordinal)
        );
        var ours = scenario.Folder["ours"];
        var request = new RestoreRequest { Paths = ["/"], Destination = ours };
        await foreach (var item in scenario.Engine.RestoreAsync("Test", request, scenario, scenario, default))
            Assert.Equal("Restored", $"{item.Status}");
        var theirs = scenario.Folder["theirs"];
        scenario.Restic.Run("restore", "latest", "--target", theirs);
        Assert.Equal(FilesOf(theirs), FilesOf(ours));
    }

    [Fact]
    public async Task A_run_continues_a_repository_of_version_0_1_and_leaves_its_snapshots_as_they_are()
    {
        await using var scenario = await OpenAsync();
        var before = (await scenario.Engine.GetSnapshotsAsync("Test", scenario, default)).Select(each => each.SnapshotId).ToArray();
        var run = await scenario.RunAsync();
        Assert.True(run.Status == BackupState.Succeeded, string.Join('\n', run.Notes.Concat(run.Failures.Select(each => $"{each}"))));
        var after = (await scenario.Engine.GetSnapshotsAsync("Test", scenario, default)).Select(each => each.SnapshotId).ToArray();
        Assert.Equal(before.Append(run.SnapshotId).Order(), after.Order());
        await scenario.AssertSnapshotEqualsTenantAsync();
        Assert.Contains("no errors were found", scenario.Restic.Run("check", "--read-data"), StringComparison.Ordinal);
    }

    private static async Task<BackupScenario> OpenAsync()
    {
        var scenario = await BackupScenario.StartAsync(s_sizes, sources: BackupScenario.Everything);
        await ZipFile.ExtractToDirectoryAsync(Path.Combine(AppContext.BaseDirectory, "repository-0.1.zip"), scenario.Folder["repository"]);
        return scenario;
    }

    // What is below our own folder is the product's state; it restores what is the customer's.
    private static SortedDictionary<string, string> FilesOf(string folder) =>
        new(
            Directory
                .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
                .Select(file => (Name: Path.GetRelativePath(folder, file), File: file))
                .Where(each => !each.Name.StartsWith(".klarkonform", StringComparison.Ordinal))
                .ToDictionary(each => each.Name, each => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(each.File)))),
            StringComparer.Ordinal
        );
}
