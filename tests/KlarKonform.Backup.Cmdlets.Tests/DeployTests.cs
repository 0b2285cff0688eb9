using System.Management.Automation.Language;
using System.Text.RegularExpressions;

namespace KlarKonform.Backup.Cmdlets.Tests;

/// <summary>The ready-made files below <c>deploy/</c>, as far as they can be checked without a cluster.</summary>
public sealed partial class DeployTests
{
    // The parameters of the script that Export-KKBackupRunbook writes; a test runs it with the last two.
    private static readonly string[] s_parameters = ["KeyVaultName", "SubscriptionId", "ShardCount", "ShardIndex"];

    [Fact]
    public void Ready_files_hand_the_runbook_parameters_that_it_has()
    {
        var files = Directory
            .GetFiles(Folder, "*", SearchOption.AllDirectories)
            .Where(file => Path.GetExtension(file) is ".yaml" or ".bicep")
            .ToArray();
        Assert.Equal(3, files.Length);
        foreach (var file in files)
        {
            var used = Argument().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value).ToArray();
            Assert.Contains("ShardCount", used);
            Assert.All(used, name => Assert.Contains(name, s_parameters));
        }
    }

    [Fact]
    public void The_script_that_starts_several_jobs_has_no_syntax_error()
    {
        var script = Parser.ParseFile(Path.Combine(Folder, "azure-automation", "Start-Workers.ps1"), out _, out var errors);
        Assert.Empty(errors);
        var table = script.FindAll(node => node is HashtableAst, searchNestedScriptBlocks: true).Cast<HashtableAst>().Last();
        Assert.All(table.KeyValuePairs, pair => Assert.Contains(pair.Item1.Extent.Text, s_parameters));
    }

    private static string Folder
    {
        get
        {
            var folder = AppContext.BaseDirectory;
            while (!Directory.Exists(Path.Combine(folder, "deploy")))
                folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("deploy");
            return Path.Combine(folder, "deploy");
        }
    }

    // A whole argument of a list: "- -Name" in YAML, "'-Name'" in Bicep.
    [GeneratedRegex(@"^\s*(?:- |')-([A-Z]\w+)'?\s*$", RegexOptions.Multiline)]
    private static partial Regex Argument();
}
