using System.Diagnostics;
using System.Reflection;
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
        foreach (var unwanted in (string[])["Microsoft.Graph", "Microsoft.Kiota", "AWSSDK", "Azure", "Microsoft.Identity", "Renci.SshNet", "BouncyCastle", "KlarKonform.Backup.Engine"])
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
        Assert.Contains("no errors were found", new StockRestic(folder["repository"], "password").Run("check", "--read-data"), StringComparison.Ordinal);
    }

    /// <summary>The program that runs the module in a process of its own.</summary>
    public static ProcessStartInfo ProbeProcess(params string[] arguments)
    {
        var program = typeof(ImportTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(each => each.Key == "ImportProbe").Value!;
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
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Trim().Split('\t')).Where(parts => parts.Length == 3).Select(parts => (parts[0], parts[1], parts[2]))];
    }
}
