namespace KlarKonform.Backup.Benchmarks.Scale;

/// <summary>
/// Simulates a run of a large tenant by unit costs that the other benchmarks measured and by Microsoft's documented limits. Not included:
/// throttling beyond the documented quotas, and the tenant's own slowness.
/// </summary>
internal static class ScaleModel
{
    // Assumed: how long Graph takes for an answer from a nearby data centre.
    private const double Latency = 0.15;

    // Outlook: 10,000 requests in ten minutes and four at a time, per app and mailbox; we use 96 %.
    private const double MailboxRate = 10_000 * 0.96 / 600;
    private const int MailboxPlaces = 4;

    // SharePoint: resource units of an app in a tenant of 5,001 to 15,000 licences, per minute and per day; 96 %.
    private const double UnitsAMinute = 3_750 * 0.96;
    private const double UnitsADay = 3_600_000 * 0.96;

    // Measured (docs/performance.md): a run over 4,000 files took 4,100 units; 40,000 mails took 15.5 s of CPU; 2 GiB of files 17.2 s.
    private const double UnitsAFile = 1.025;
    private const double CpuAMail = 15.5 / 40_000;
    private const double CpuAByte = 17.2 / (2L << 30);

    // A worker: two cores, 1 Gbit/s, 32 concurrent resources.
    private const int Cores = 2;
    private const double LineBytes = 125e6;
    private const int Places = 32;

    // Measured: bytes per blob in memory (-- index), and what the process takes in addition.
    private const double IndexBytes = 56;
    private const double ProcessBytes = 350e6;

    // From an index beyond WriterOptions.MaxUnreadIndex a run reads only what it needs: where trees and state are stored. Assumed: one of
    // them per twenty items; measured: one per hundred files, and one per fourteen mails in small mailboxes.
    private const double ItemsATree = 20;
    private const int ShardsAWorker = 3;

    // Packs of 16 MiB, index files of 25,000 blobs, chunks of 1.5 MiB on average; the stored share of a byte after compression.
    private const double PackBytes = 16 << 20;
    private const double BlobsAnIndex = 25_000;
    private const double PieceBytes = 1.5 * (1 << 20);
    private const double Stored = 0.9;

    /// <summary>The first backup.</summary>
    public static ScaleRun First(ScaleTenant tenant, int workers, int seed)
    {
        var spread = tenant.Spreads(seed);
        var bytes = (tenant.Mails * tenant.MailBytes) + (tenant.Files * tenant.FileBytes);
        var blobs = Blobs(tenant);
        return Play(
            "first backup",
            workers,
            spread.Select(user => user.Mails + (user.Mails / 100) + ScaleTenant.Folders),
            tenant.Files * UnitsAFile,
            tenant.Mails,
            bytes
        ) with
        {
            Requests = (tenant.Mails * 1.01) + (tenant.Users * (double)ScaleTenant.Folders) + (tenant.Files * UnitsAFile),
            Puts = (bytes * Stored / PackBytes) + (blobs / BlobsAnIndex),
            Gets = bytes * Stored / PackBytes / 1_000,
            Memory = ProcessBytes + (((blobs / (workers == 1 ? 1 : workers * ShardsAWorker)) + Trees(tenant)) * IndexBytes),
        };
    }

    /// <summary>A nightly run.</summary>
    public static ScaleRun Daily(ScaleTenant tenant, int workers)
    {
        var (mails, files) = (tenant.Users * (double)ScaleTenant.NewMails, tenant.Users * (double)ScaleTenant.ChangedFiles);
        var bytes = (mails * tenant.MailBytes) + (files * tenant.FileBytes);
        var perMailbox = Enumerable.Repeat((double)ScaleTenant.NewMails + ScaleTenant.Folders + 1, tenant.Users);
        return Play("daily run", workers, perMailbox, tenant.Users + (files * UnitsAFile), mails, bytes) with
        {
            Requests = (tenant.Users * (double)(ScaleTenant.NewMails + ScaleTenant.Folders + 1)) + tenant.Users + (files * UnitsAFile),
            Puts = (bytes * Stored / PackBytes) + (tenant.Users / 100.0),

            // The verification lists all packs.
            Gets =
                (((tenant.Mails * tenant.MailBytes) + (tenant.Files * tenant.FileBytes)) * Stored / PackBytes / 1_000)
                + (Trees(tenant) / BlobsAnIndex),
            Memory = ProcessBytes + (Trees(tenant) * IndexBytes),
        };
    }

    /// <summary>Objects of the repository after the first backup: packs and index files.</summary>
    public static double Objects(ScaleTenant tenant) => First(tenant, 1, 1).Puts;

    /// <summary>Bytes of memory that the whole index takes: needed for pruning and a full check.</summary>
    public static double WholeIndex(ScaleTenant tenant) => ProcessBytes + (Blobs(tenant) * IndexBytes);

    private static double Trees(ScaleTenant tenant) => (tenant.Mails + tenant.Files) / ItemsATree;

    private static double Blobs(ScaleTenant tenant) =>
        (tenant.Mails * 1.05) + (tenant.Files * Math.Max(1, tenant.FileBytes / PieceBytes) * 1.05);

    private static ScaleRun Play(string name, int workers, IEnumerable<double> requests, double units, double mails, double bytes) =>
        new(name, workers)
        {
            MailHours =
                MakespanOf(requests.Select(count => Math.Max(count / MailboxRate, count * Latency / MailboxPlaces)), workers * Places)
                / 3_600,
            UnitHours = Math.Max(units / UnitsAMinute / 60, units > UnitsADay ? units / UnitsADay * 24 : 0),
            CpuHours = ((mails * CpuAMail) + (bytes * CpuAByte)) / (workers * Cores) / 3_600,
            LineHours = bytes / (workers * LineBytes) / 3_600,
            BytesStored = bytes * Stored,
        };

    // Each slot takes the next mailbox when it has finished one, as the runner does.
    private static double MakespanOf(IEnumerable<double> seconds, int places)
    {
        var free = new PriorityQueue<double, double>(Enumerable.Repeat((0.0, 0.0), places));
        var end = 0.0;
        foreach (var each in seconds)
        {
            var done = free.Dequeue() + each;
            free.Enqueue(done, done);
            end = Math.Max(end, done);
        }

        return end;
    }
}
