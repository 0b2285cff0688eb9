using KlarKonform.Backup.Demo;

namespace KlarKonform.Backup.Cmdlets.Tests;

public sealed class CompletionTests(ModuleFixture module) : IClassFixture<ModuleFixture>
{
    [Fact]
    public void The_tab_key_offers_what_there_is()
    {
        module.Configure("Tab Key");
        module.Invoke("Set-Secret -Vault DemoVault -Name S3 -Secret $args[0]", ModuleHost.Secure("x"));
        module.Invoke("Start-KKBackup 'Tab Key' | Out-Null");
        Assert.Equal(["'Tab Key'"], module.Complete("Get-KKBackupStatus Ta"));
        Assert.Equal(["anna@demo.example"], module.Complete("Start-KKBackup 'Tab Key' -Resource ann"));
        Assert.Contains("anna@demo.example", module.Complete("Find-KKBackupItem 'Tab Key' -Resource "));
        var snapshot = $"{module.Invoke("(Get-KKBackupSnapshot 'Tab Key' -Latest).SnapshotId")[0]}";
        Assert.Equal(["latest", snapshot[..8]], module.Complete("Get-KKBackupItem 'Tab Key' / -SnapshotId "));
        Assert.Equal([snapshot], module.Complete($"Get-KKBackupItem 'Tab Key' / -SnapshotId {snapshot[..10]}"));
        Assert.Contains("DemoVault/S3", module.Complete("Set-KKBackupConfiguration 'Tab Key' -CredentialName Demo"));
        Assert.Contains("DemoVault/S3", module.Complete("Set-KKBackupConfiguration 'Tab Key' -CredentialName S"));
        Assert.Equal(["DemoVault"], module.Complete("New-KKBackupConfiguration X -Vault De"));
        Assert.Equal(["Europe/Berlin"], module.Complete("Set-KKBackupSchedule 'Tab Key' -At 02:00 -TimeZone Berl"));
        Assert.Equal(["eu-central-1", "eu-central-2"], module.Complete("New-KKBackupConfiguration X -Bucket b -Region eu-c"));
    }

    [Fact]
    public void Where_there_is_nothing_to_offer_nothing_is_and_no_error_either()
    {
        Assert.Empty(module.Complete("Get-KKBackupItem Nowhere / -SnapshotId "));
        Assert.Empty(module.Complete("Get-KKBackupStatus Nowhere"));
        Assert.Empty(module.Complete("Start-KKBackup Nowhere -Resource zzz"));
    }
}
