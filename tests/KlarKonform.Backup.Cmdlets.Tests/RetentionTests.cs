using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Cmdlets.Tests;

public sealed class RetentionTests(ModuleFixture module) : IClassFixture<ModuleFixture>
{
    [Fact]
    public void WhatIf_shows_the_plan_and_removes_nothing_and_then_the_plan_comes_true()
    {
        module.Configure("Retention");
        for (var run = 0; run < 3; run++)
        {
            module.Invoke("Start-KKBackup Retention");
            module.Tenant.Change((_, generator) => generator.Change(8));
        }

        var files = Files();
        var plan = module.Invoke("Invoke-KKBackupRetention Retention -KeepLast 1 -WhatIf")[0];
        Assert.Equal(("False", "3"), ($"{plan.Properties["Executed"].Value}", $"{plan.Properties["Snapshots"].Value}"));
        Assert.Equal(2, ((System.Collections.ICollection)plan.Properties["Removed"].Value).Count);
        Assert.Equal(files, Files());

        var done = module.Invoke("Invoke-KKBackupRetention Retention -KeepLast 1 -Force -Confirm:$false")[0];
        Assert.Equal("True", $"{done.Properties["Executed"].Value}");
        Assert.Equal($"{plan.Properties["BytesFreed"].Value}", $"{done.Properties["BytesFreed"].Value}");
        Assert.Single(module.Invoke("Get-KKBackupSnapshot Retention"));
        Assert.Contains(
            "no errors were found",
            new StockRestic(module.Folder["repository-Retention"], "password").Run("check", "--read-data"),
            StringComparison.Ordinal
        );

        // The next run continues from the one that stayed.
        Assert.Equal("Succeeded", $"{module.Invoke("(Start-KKBackup Retention).Status")[0]}");
        Assert.Equal("True", $"{module.Invoke("(Test-KKBackup Retention -ReadData).Passed")[0]}");
    }

    [Fact]
    public void A_check_reads_the_share_that_is_asked_for_and_refuses_what_is_none()
    {
        module.Configure("Share");
        module.Invoke("Start-KKBackup Share");
        var whole = module.Invoke("Test-KKBackup Share -ReadData")[0];
        var parts = Enumerable
            .Range(1, 3)
            .Sum(part => (int)module.Invoke($"(Test-KKBackup Share -Share {part}/3).PacksRead")[0].BaseObject);
        Assert.Equal((int)whole.Properties["Packs"].Value, parts);
        Assert.Equal(1, (int)module.Invoke("(Test-KKBackup Share -Share 1%).PacksRead")[0].BaseObject);
        Assert.Equal(1, (int)module.Invoke("(Test-KKBackup Share -Share 1KB).PacksRead")[0].BaseObject);
        Assert.Equal(0, (int)module.Invoke("(Test-KKBackup Share).PacksRead")[0].BaseObject);
        foreach (var wrong in (string[])["0/5", "6/5", "1/300", "0%", "101%", "-3", "much", "5 apples"])
            Assert.StartsWith(
                "ShareInvalid,",
                Assert.Single(module.TryInvoke("Test-KKBackup Share -Share $args[0]", wrong).Errors).FullyQualifiedErrorId,
                StringComparison.Ordinal
            );
    }

    [Fact]
    public void A_cache_that_is_damaged_or_gone_changes_nothing_and_a_check_sees_the_storage()
    {
        module.Configure("Cache");
        module.Invoke("Start-KKBackup Cache");
        module.Invoke("Get-KKBackupSnapshot Cache");
        var cache = Directory
            .GetDirectories(module.Folder["home", "cache"])
            .Single(folder =>
                Directory.Exists(Path.Combine(folder, "snapshots"))
                && Directory
                    .GetFiles(Path.Combine(folder, "snapshots"))
                    .Any(file => File.Exists(module.Folder["repository-Cache", "snapshots", Path.GetFileName(file)]))
            );
        foreach (var file in Directory.GetFiles(cache, "*", SearchOption.AllDirectories))
            File.WriteAllText(file, "damaged");
        Assert.Equal("Succeeded", $"{module.Invoke("(Start-KKBackup Cache -Full).Status")[0]}");
        Directory.Delete(cache, recursive: true);
        Assert.Equal("Succeeded", $"{module.Invoke("(Start-KKBackup Cache).Status")[0]}");

        var snapshot = Directory.GetFiles(module.Folder["repository-Cache", "snapshots"])[0];
        File.WriteAllText(snapshot, "damaged at the storage");
        var report = Assert.Single(module.Invoke("Test-KKBackup Cache"));
        Assert.False((bool)report.Properties["Passed"].Value);
        Assert.Contains(
            Path.GetFileName(snapshot),
            string.Join(' ', (IReadOnlyList<string>)report.Properties["Problems"].Value),
            StringComparison.Ordinal
        );
    }

    private string[] Files() =>
        [.. Directory.EnumerateFiles(module.Folder["repository-Retention"], "*", SearchOption.AllDirectories).Order()];
}
