using System.Management.Automation.Language;
using System.Runtime.CompilerServices;

namespace KlarKonform.Backup.Cmdlets.Tests;

/// <summary>Scripts for a real shell cannot run everywhere, but PowerShell's own parser can read them everywhere.</summary>
public sealed class ScriptTests(ModuleFixture module) : IClassFixture<ModuleFixture>
{
    [Fact]
    public void The_two_tenant_demo_works_as_written()
    {
        var said = module
            .Invoke(
                "& $args[0] -Vault DemoVault -Folder $args[1] -NoBuild",
                Path.Combine(Root(), "docs", "two-tenants.ps1"),
                module.Folder["two"]
            )
            .Select(line => $"{line}")
            .ToArray();
        Environment.SetEnvironmentVariable("KLARKONFORM_BACKUP_HOME", module.Folder["home"]);
        Assert.Contains("Nord: Succeeded", said);
        Assert.Contains("Sued: Succeeded", said);
        Assert.Contains("Refused: RepositoryOfOtherTenant", said);
        Assert.Equal("Done.", said[^1]);
    }

    [Theory]
    [InlineData("build.ps1")]
    [InlineData("KlarKonform.Backup.psd1")]
    [InlineData("docs/two-tenants.ps1")]
    [InlineData("tests/Pester/Module.Tests.ps1")]
    [InlineData("tests/Pester/Invoke-Tests.ps1")]
    public void Every_script_parses(string file)
    {
        Parser.ParseFile(Path.Combine(Root(), file), out _, out var errors);
        Assert.Empty(errors);
    }

    private static string Root([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));
}
