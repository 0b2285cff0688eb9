using System.Management.Automation.Language;
using System.Runtime.CompilerServices;

namespace KlarKonform.Backup.Cmdlets.Tests;

/// <summary>Scripts for a real shell cannot run everywhere, but PowerShell's own parser reads them everywhere.</summary>
public sealed class ScriptTests
{
    [Theory]
    [InlineData("build.ps1")]
    [InlineData("KlarKonform.Backup.psd1")]
    [InlineData("tests/Pester/Module.Tests.ps1")]
    [InlineData("tests/Pester/Invoke-Tests.ps1")]
    public void Every_script_parses(string file)
    {
        Parser.ParseFile(Path.Combine(Root(), file), out _, out var errors);
        Assert.Empty(errors);
    }

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));
}
