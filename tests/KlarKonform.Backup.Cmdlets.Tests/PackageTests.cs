using System.Diagnostics;
using System.IO.Compression;
using System.Reflection;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Cmdlets.Tests;

/// <summary>The gallery's package, as received by someone who has never seen this repository.</summary>
public sealed class PackageTests
{
    [Fact]
    public async Task The_package_holds_a_module_that_is_valid_and_starts_from_a_clean_folder()
    {
        using var folder = new TemporaryFolder();
        var root = typeof(PackageTests)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(each => each.Key == "RepositoryRoot")
            .Value!;
        var configuration = AppContext.BaseDirectory.Contains(
            $"{Path.DirectorySeparatorChar}Release{Path.DirectorySeparatorChar}",
            StringComparison.Ordinal
        )
            ? "Release"
            : "Debug";
        using var process = Process.Start(
            new ProcessStartInfo(
                "dotnet",
                [
                    "pack",
                    Path.Combine(root, "src", "KlarKonform.Backup.Cmdlets"),
                    "--no-build",
                    "--configuration",
                    configuration,
                    "--nologo",
                    "--verbosity",
                    "quiet",
                    "--output",
                    folder["packages"],
                    "-p:NuspecFile=Module/KlarKonform.Backup.nuspec",
                    $"-p:NuspecBasePath={HelpFiles.Module}",
                    "-p:NuspecProperties=version=0.1.0",
                ]
            )
            {
                RedirectStandardOutput = true,
            }
        )!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, output);
        var package = Assert.Single(Directory.GetFiles(folder["packages"], "*.nupkg"));
        Assert.Equal("KlarKonform.Backup.0.1.0.nupkg", Path.GetFileName(package));
        ZipFile.ExtractToDirectory(package, folder["KlarKonform.Backup"]);
        Assert.Contains(
            "PSModule",
            await File.ReadAllTextAsync(folder["KlarKonform.Backup/KlarKonform.Backup.nuspec"], TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );

        // In a process of its own: what is imported first serves the whole process, and this one's folder is about to vanish.
        var start = ImportTests.ProbeProcess(
            "run",
            folder["KlarKonform.Backup/KlarKonform.Backup.psd1"],
            """
            (Test-ModuleManifest $args[0]).Version.ToString(); $null = Get-KKBackupStatus; (Get-Help Start-KKBackup).Synopsis
            (Get-Command -Module KlarKonform.Backup)[0].Module.ModuleBase
            """
        );
        start.Environment["KLARKONFORM_BACKUP_HOME"] = folder["home"];
        start.Environment["LANG"] = "en_US.UTF-8";
        using var probe = Process.Start(start)!;
        var said = await probe.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Equal(
            ["0.1.0", "Runs a backup.", folder["KlarKonform.Backup"]],
            said.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        );
    }
}
