using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using KlarKonform.Backup.DemoTenant.Generation;

namespace KlarKonform.Backup.Engine.Tests.Losses;

/// <summary>
/// What the guides say to type brings the backup back, whatever else is in the repository: holds, another configuration, another program.
/// </summary>
public sealed partial class GuideTests
{
    [Theory]
    [InlineData("docs/recovery.md")]
    [InlineData("docs/recovery.de.md")]
    [InlineData("src/KlarKonform.Backup.Cmdlets/Module/en-US/about_KlarKonform_Backup.help.txt")]
    [InlineData("src/KlarKonform.Backup.Cmdlets/Module/de-DE/about_KlarKonform_Backup.help.txt")]
    public async Task The_lines_of_a_guide_bring_back_the_backup_as_they_stand(string guide)
    {
        await using var scenario = await BackupScenario.StartAsync(
            new TenantSizes
            {
                Users = 2,
                MailsPerUser = 4,
                FilesPerUser = 4,
                MaxFileBytes = 20_000,
            }
        );
        await scenario.RunAsync();
        await scenario.Engine.SetHoldAsync("Test", new HoldRequest { Reason = "Verfahren", Author = "Dr. Weber" }, scenario, default);
        var other = scenario.Configuration("Other") with
        {
            Id = Guid.NewGuid(),
            Sources = new SourceSettings { Directory = new DirectorySettings() },
        };
        await scenario.Engine.CreateConfigurationAsync(other, default);
        await scenario.Engine.StartBackupAsync("Other", new BackupOptions(), scenario, scenario, default);
        Directory.CreateDirectory(scenario.Folder["foreign"]);
        await File.WriteAllTextAsync(scenario.Folder["foreign", "file.txt"], "x");
        scenario.Restic.Run("backup", scenario.Folder["foreign"]);

        var anna = scenario.Tenant.Change((model, _) => model.Users[0].UserPrincipalName);
        var lines = Lines()
            .Matches(await File.ReadAllTextAsync(Path.Combine(Root(), guide)))
            .Select(match => match.Groups[1].Value.Trim())
            .Where(line => !line.Contains(" mount ", StringComparison.Ordinal))
            .ToArray();
        Assert.Contains(lines, line => line.Contains(" restore ", StringComparison.Ordinal));
        foreach (var line in lines)
        {
            var arguments = Words().Matches(line).Select(match => match.Value.Trim('\'')).Skip(1).ToList();
            if (arguments[0] == "-r")
                arguments.RemoveRange(0, 2);
            scenario.Restic.Run([
                .. arguments.Select(each =>
                    each switch
                    {
                        "/Daily" or "/NAME" => "/Test",
                        "./out" or "DIR" or "VERZEICHNIS" => scenario.Folder["out"],
                        _ => each.Replace("anna@contoso.example", anna, StringComparison.Ordinal),
                    }
                ),
            ]);
        }

        Assert.NotEmpty(Directory.GetFiles(scenario.Folder["out", "OneDrive", anna], "*", SearchOption.AllDirectories));
    }

    private static string Root([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));

    [GeneratedRegex(@"^\s*(restic [^#\r\n]*)", RegexOptions.Multiline)]
    private static partial Regex Lines();

    [GeneratedRegex(@"'[^']*'|\S+")]
    private static partial Regex Words();
}
