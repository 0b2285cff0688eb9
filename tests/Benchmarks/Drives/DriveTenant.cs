using System.Globalization;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.Benchmarks.Drives;

/// <summary>The demo tenant with one user's drive of a certain shape, in a process of its own.</summary>
internal static class DriveTenant
{
    // For the shape 'files': 2 GiB in 4,000 files: four large ones, and typical office sizes for the rest.
    public const string FilePrefix = "Datei ";
    public const int Files = 4_000;
    public const long Bytes = 2L << 30;
    private const int LargeFiles = 4;
    private const long LargeBytes = 128L << 20;
    private const int FilesAFolder = 100;

    // A run takes about 4,100 units, which the largest tenants allow per minute (6,250). The higher limit only avoids waiting a minute
    // between two runs: the programs are measured, not the quota.
    private const int UnitsPerMinute = 100_000;

    /// <summary>Serves until its input ends. A line with a number requests that many changes first.</summary>
    /// <param name="folder">The folder for the authority's certificate.</param>
    /// <param name="port">Port of Graph.</param>
    /// <param name="shape"><c>files</c>, or the number of items.</param>
    public static async Task ServeAsync(string folder, int port, string shape)
    {
        var many = int.TryParse(shape, CultureInfo.InvariantCulture, out var items);
        await using var server = await DemoTenantServer.StartAsync(
            new DemoTenantOptions
            {
                Port = port,
                Sizes = new TenantSizes
                {
                    Users = 1,
                    MailsPerUser = 0,
                    FilesPerUser = 0,
                    EventsPerUser = 0,
                    ContactsPerUser = 0,
                    Sites = 0,
                    MaxFileBytes = 4_000,
                },
                HostNames = ["graph.microsoft.com", "login.microsoftonline.com"],
                ToleratesTokensOnDownloads = true,
                RateLimitShownFrom = 0,
                SharePointUnitsPerMinute = many ? 100 * items : UnitsPerMinute,
                TokenSeconds = 86_400,
            }
        );
        var drive = server.Model.Users[0].Drive!;
        server.Change(
            (_, _) =>
            {
                if (many)
                    FillMany(drive, items);
                else
                    FillFiles(drive);
            }
        );
        await File.WriteAllTextAsync(Path.Combine(folder, "ca.pem"), server.CaCertificatePem);
        Console.WriteLine(server.BaseUrl);
        Console.WriteLine(drive.Id);
        var random = new Random(2); // One for all rounds: each changes different files, to different contents.
        while (await Console.In.ReadLineAsync() is { } line)
        {
            var files = drive.Items.Values.Where(item => !item.IsFolder).ToArray();
            server.Change(
                (_, _) =>
                {
                    for (var i = int.Parse(line, CultureInfo.InvariantCulture); i > 0; i--)
                        drive.Write(files[random.Next(files.Length)], random.NextInt64(), 100 + random.Next(5_000), DateTimeOffset.UtcNow);
                }
            );
            Console.WriteLine("changed");
        }
    }

    private static void FillFiles(DemoDrive drive)
    {
        var random = new Random(1);
        var weights = Enumerable.Range(0, Files - LargeFiles).Select(_ => Math.Exp(random.NextDouble() * 6)).ToArray();
        var unit = (Bytes - (LargeFiles * LargeBytes)) / weights.Sum();
        var folder = drive.Root;
        for (var i = 0; i < Files; i++)
        {
            if (i % FilesAFolder == 0)
                folder = Add(drive, drive.Root, $"Ordner {i / FilesAFolder}", isFolder: true, 0, 0);
            Add(
                drive,
                folder,
                $"{FilePrefix}{i}.bin",
                isFolder: false,
                i < LargeFiles ? LargeBytes : (long)(weights[i - LargeFiles] * unit),
                random.NextInt64()
            );
        }
    }

    private static void FillMany(DemoDrive drive, int items)
    {
        var random = new Random(1);
        DemoDriveItem upper = drive.Root,
            folder = drive.Root;
        for (var i = 0; i < items; i++)
        {
            if (i % (FilesAFolder * FilesAFolder) == 0)
                upper = Add(drive, drive.Root, $"Bereich {i / FilesAFolder / FilesAFolder}", isFolder: true, 0, 0);
            if (i % FilesAFolder == 0)
                folder = Add(drive, upper, $"Ordner {i / FilesAFolder}", isFolder: true, 0, 0);
            Add(drive, folder, $"{FilePrefix}{i}.txt", isFolder: false, 50 + random.Next(200), random.NextInt64());
        }
    }

    private static DemoDriveItem Add(DemoDrive drive, DemoDriveItem parent, string name, bool isFolder, long size, long seed) =>
        drive.Add(
            new DemoDriveItem
            {
                Id = $"01{drive.Items.Count:X32}",
                Name = name,
                ParentId = parent.Id,
                IsFolder = isFolder,
                Size = size,
                Seed = seed,
                Modified = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(drive.Items.Count),
            }
        );
}
