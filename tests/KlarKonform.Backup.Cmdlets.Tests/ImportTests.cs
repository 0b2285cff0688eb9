using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Cmdlets.Tests;

/// <summary>What importing the module brings into the process, seen from a process of its own.</summary>
public sealed class ImportTests
{
    [Fact]
    public void Importing_loads_neither_the_engine_nor_any_cloud_library()
    {
        var loaded = Probe("import");
        Assert.Contains(loaded, assembly => assembly.Name == "KlarKonform.Backup.Cmdlets");
        foreach (
            var unwanted in (string[])
                [
                    "Microsoft.Graph",
                    "Microsoft.Kiota",
                    "AWSSDK",
                    "Azure",
                    "Microsoft.Identity",
                    "Renci.SshNet",
                    "BouncyCastle",
                    "KlarKonform.Backup.Engine",
                ]
        )
            Assert.DoesNotContain(loaded, assembly => assembly.Name.StartsWith(unwanted, StringComparison.Ordinal));
    }

    [Fact]
    public void A_backup_runs_beside_another_version_of_Azure_Core()
    {
        using var folder = new TemporaryFolder();
        var copies = Probe("conflict", folder.Path).Where(assembly => assembly.Name == "Azure.Core").ToArray();
        Assert.Equal(2, copies.Length);
        Assert.Equal(2, copies.Select(copy => copy.Version).Distinct().Count());
        Assert.Equal(["Default", "KlarKonform.Backup"], copies.Select(copy => copy.Context).Order());
        Assert.Contains(
            "no errors were found",
            new StockRestic(folder["repository"], "password").Run("check", "--read-data"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void The_module_has_every_assembly_that_the_engine_names()
    {
        var engine = Path.Combine(HelpFiles.Module, "engine");
        using var names = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(engine, "KlarKonform.Backup.Engine.deps.json")));
        var assemblies = names
            .RootElement.GetProperty("targets")
            .EnumerateObject()
            .Single()
            .Value.EnumerateObject()
            .Where(library => library.Value.TryGetProperty("runtime", out _))
            .SelectMany(library => library.Value.GetProperty("runtime").EnumerateObject().Select(file => Path.GetFileName(file.Name)))
            .Where(file => file != "KlarKonform.Backup.Abstractions.dll") // The cmdlets' own copy, one folder above.
            .ToList();
        Assert.True(assemblies.Count > 20);
        Assert.All(assemblies, file => Assert.True(File.Exists(Path.Combine(engine, file)), file));
        Assert.True(File.Exists(Path.Combine(HelpFiles.Module, "KlarKonform.Backup.Abstractions.dll")));
    }

    [Theory]
    [InlineData("Cronos.dll")]
    [InlineData("KlarKonform.Backup.Engine.dll")]
    public async Task A_module_that_lacks_a_file_says_which(string file)
    {
        using var folder = new TemporaryFolder();
        foreach (
            var source in Directory
                .EnumerateFiles(HelpFiles.Module, "*", SearchOption.AllDirectories)
                .Where(source => Path.GetFileName(source) != file)
        )
        {
            var copy = folder["KlarKonform.Backup", Path.GetRelativePath(HelpFiles.Module, source)];
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(source, copy);
        }

        var start = ProbeProcess(
            "run",
            folder["KlarKonform.Backup", "KlarKonform.Backup.psd1"],
            """
            New-KKBackupConfiguration Half -TenantId 11111111-1111-1111-1111-111111111111 `
                -ClientId 22222222-2222-2222-2222-222222222222 -ClientSecretName v/a -RepositoryPasswordName v/b `
                    -Path $env:KLARKONFORM_BACKUP_HOME/r | Out-Null
            Set-KKBackupSchedule Half -Cron '0 2 * * *' -Method Crontab
            """
        );
        start.Environment["KLARKONFORM_BACKUP_HOME"] = folder["home"];
        start.Environment["LANG"] = "en_US.UTF-8";
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Contains("EngineMissing,", output, StringComparison.Ordinal);
        Assert.Contains(
            $"NotInstalled The module is incomplete: '{folder["KlarKonform.Backup", "engine", file]}' is missing. Install it again.",
            output,
            StringComparison.Ordinal
        );
    }

    /// <summary>The program that runs the module in a process of its own.</summary>
    public static ProcessStartInfo ProbeProcess(params string[] arguments)
    {
        var program = typeof(ImportTests)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(each => each.Key == "ImportProbe")
            .Value!;
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[program, .. arguments])
            start.ArgumentList.Add(argument);
        return start;
    }

    private static List<(string Name, string Version, string Context)> Probe(params string[] arguments)
    {
        using var process = Process.Start(ProbeProcess(arguments))!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, errors.Result + output);
        return
        [
            .. output
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line.Trim().Split('\t'))
                .Where(parts => parts.Length == 3)
                .Select(parts => (parts[0], parts[1], parts[2])),
        ];
    }
}
