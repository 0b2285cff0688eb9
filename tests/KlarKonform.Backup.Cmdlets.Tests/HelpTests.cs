using System.Diagnostics;
using System.Reflection;
using System.Xml.Linq;
using KlarKonform.Backup.Demo;

namespace KlarKonform.Backup.Cmdlets.Tests;

public sealed class HelpTests(ModuleFixture module) : IClassFixture<ModuleFixture>
{
    private static readonly XNamespace s_command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace s_maml = "http://schemas.microsoft.com/maml/2004/10";

    [Theory]
    [InlineData("en-US")]
    [InlineData("de-DE")]
    public void Every_cmdlet_and_every_parameter_is_explained(string culture)
    {
        var folder = typeof(ModuleHost)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(each => each.Key == "StagedModule")
            .Value!;
        var help = XDocument.Load(Path.Combine(folder, culture, "KlarKonform.Backup.Cmdlets.dll-Help.xml"));
        var explained = help.Descendants(s_command + "command")
            .ToDictionary(
                command => command.Element(s_command + "details")!.Element(s_command + "name")!.Value,
                command =>
                    command
                        .Element(s_command + "parameters")!
                        .Elements()
                        .Where(parameter => parameter.Element(s_maml + "description")!.Value.Length > 10)
                        .Select(parameter => parameter.Element(s_maml + "name")!.Value)
                        .Order()
                        .ToArray()
            );
        var common = System.Management.Automation.PSCmdlet.CommonParameters;
        foreach (var command in module.Invoke("Get-Command -Module KlarKonform.Backup"))
        {
            var info = (System.Management.Automation.CmdletInfo)command.BaseObject;
            Assert.Equal(info.Parameters.Keys.Except(common).Order(), explained[info.Name]);
        }
    }

    [Fact]
    public async Task The_committed_pages_are_what_the_help_and_the_cmdlets_say()
    {
        string Value(string key) =>
            typeof(HelpTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(each => each.Key == key).Value!;
        using var process = Process.Start(
            new ProcessStartInfo("dotnet", [Value("HelpPages"), "--output", module.Folder["pages"]]) { RedirectStandardError = true }
        )!;
        var errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, errors);
        var pages = Directory
            .GetFiles(module.Folder["pages"], "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(module.Folder["pages"], file))
            .ToArray();
        Assert.Equal(2 * (module.Invoke("Get-Command -Module KlarKonform.Backup").Count + 2), pages.Length);
        foreach (var page in pages)
        {
            var committed = Path.Combine(Value("RepositoryRoot"), page);
            Assert.True(
                File.Exists(committed)
                    && await File.ReadAllTextAsync(committed, TestContext.Current.CancellationToken)
                        == await File.ReadAllTextAsync(module.Folder[Path.Combine("pages", page)], TestContext.Current.CancellationToken),
                $"{page} is out of date: dotnet run --project src/KlarKonform.Backup.HelpPages"
            );
        }

        // No page for a cmdlet that no longer exists.
        foreach (var culture in (string[])["en-US", "de-DE"])
            Assert.Equal(
                pages.Count(page => page.StartsWith(Path.Combine("docs", culture), StringComparison.Ordinal)),
                Directory.GetFiles(Path.Combine(Value("RepositoryRoot"), "docs", culture)).Length
            );
    }

    [Fact]
    public void Get_Help_shows_a_syntax_for_each_parameter_set_and_the_about_topic_is_there()
    {
        Assert.Equal(4, module.Invoke("(Get-Help New-KKBackupConfiguration).syntax.syntaxItem").Count);
        foreach (var culture in (string[])["en-US", "de-DE"])
            Assert.True(File.Exists(Path.Combine(HelpFiles.Module, culture, "about_KlarKonform_Backup.help.txt")));
    }

    [Fact]
    public void Get_Help_finds_the_text() =>
        Assert.Contains(
            "Runs a backup",
            $"{module.Invoke("(Get-Help Start-KKBackup).Synopsis")[0]}"
                + $"{module.Invoke("(Get-Help Start-KKBackup).details.description.Text")[0]}",
            StringComparison.Ordinal
        );

    [Fact]
    public void The_manifest_exports_exactly_the_compiled_cmdlets() =>
        Assert.Equal(
            [
                "Add-KKBackupKey",
                "Approve-KKBackupAuditLog",
                "Approve-KKBackupFailure",
                "Disable-KKBackupSchedule",
                "Enable-KKBackupSchedule",
                "Export-KKBackupReport",
                "Export-KKBackupRunbook",
                "Find-KKBackupItem",
                "Get-KKBackupAuditLog",
                "Get-KKBackupConfiguration",
                "Get-KKBackupHold",
                "Get-KKBackupItem",
                "Get-KKBackupKey",
                "Get-KKBackupRun",
                "Get-KKBackupSnapshot",
                "Get-KKBackupStatus",
                "Invoke-KKBackupRetention",
                "New-KKBackupConfiguration",
                "Remove-KKBackupConfiguration",
                "Remove-KKBackupHold",
                "Remove-KKBackupKey",
                "Remove-KKBackupSchedule",
                "Repair-KKBackup",
                "Restore-KKBackupItem",
                "Set-KKBackupConfiguration",
                "Set-KKBackupHold",
                "Set-KKBackupSchedule",
                "Start-KKBackup",
                "Start-KKBackupScheduler",
                "Start-KKWhatsAppReceiver",
                "Stop-KKBackup",
                "Test-KKBackup",
                "Test-KKBackupConnection",
                "Unlock-KKBackup",
            ],
            module.Invoke("Get-Command -Module KlarKonform.Backup").Select(command => $"{command.Properties["Name"].Value}").Order()
        );
}
