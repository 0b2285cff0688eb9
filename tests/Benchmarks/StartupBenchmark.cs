using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.Engine;

namespace KlarKonform.Backup.Benchmarks;

/// <summary>
/// How long an admin waits: for the import into a running session, and for the first status; each in a new process, medians.
/// </summary>
internal static class StartupBenchmark
{
    private const int Runs = 7;

    public static async Task<int> RunAsync()
    {
        string Value(string key) =>
            typeof(StartupBenchmark).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(each => each.Key == key).Value!;
        var (imports, statuses) = (new List<double>(), new List<double>());
        var home = Directory.CreateTempSubdirectory("klarkonform-startup-").FullName;
        try
        {
            await using (
                var tenant = await DemoTenantServer.StartAsync(
                    new DemoTenantOptions
                    {
                        Sizes = new TenantSizes
                        {
                            Users = 10,
                            MailsPerUser = 3,
                            FilesPerUser = 2,
                            Sites = 0,
                        },
                    }
                )
            )
            {
                // A computer that has something to show.
                await File.WriteAllTextAsync(Path.Combine(home, "ca.pem"), tenant.CaCertificatePem);
                for (var run = 0; run < 3; run++)
                    await BackupProcess.RunAsync(
                        new BackupEngine(home),
                        home,
                        tenant.BaseUrl,
                        new SourceSettings { Mail = new MailSelection(), OneDrive = new DriveSelection() },
                        BackupProcess.Folder(home)
                    );
            }

            for (var i = 0; i < Runs; i++)
            {
                var start = new ProcessStartInfo(
                    "dotnet",
                    [Value("ImportProbe"), "startup", Path.Combine(Value("StagedModule"), "KlarKonform.Backup.psd1")]
                )
                {
                    RedirectStandardOutput = true,
                };
                start.Environment["KLARKONFORM_BACKUP_HOME"] = home;
                using var process = Process.Start(start)!;
                var words = (await process.StandardOutput.ReadToEndAsync()).Split(' ', StringSplitOptions.TrimEntries);
                await process.WaitForExitAsync();
                if (words is not [var import, var status, "0"])
                    throw new InvalidOperationException($"The module did not start: {string.Join(' ', words)}");
                imports.Add(double.Parse(import, CultureInfo.InvariantCulture));
                statuses.Add(double.Parse(status, CultureInfo.InvariantCulture));
            }
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }

        var size =
            Directory.GetFiles(Value("StagedModule"), "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length)
            / (double)(1 << 20);
        Console.WriteLine(
            JsonSerializer.Serialize(
                new
                {
                    importMilliseconds = Median.Of(imports),
                    firstStatusMilliseconds = Median.Of(statuses),
                    moduleMiB = Math.Round(size, 1),
                }
            )
        );
        return 0;
    }
}
