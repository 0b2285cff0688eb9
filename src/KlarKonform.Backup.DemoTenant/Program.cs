using System.Globalization;
using System.Runtime.InteropServices;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http;
using KlarKonform.Backup.DemoTenant.Http.Protocol;

// dotnet run --project src/KlarKonform.Backup.DemoTenant -- --urls https://127.0.0.1:PORT --users N --mails N --files N --sites N
// --library-files N --events N --contacts N --max-file-bytes N --max-attachment-bytes N --attachment-percent N --seed S --latency-ms N --ca
// FILE --tenant ID --secret TEXT --writable true
var settings = new ConfigurationBuilder().AddCommandLine(args).Build();
int Number(string name, int normal) => settings[name] is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : normal;

var sizes = new TenantSizes();
sizes = sizes with
{
    Users = Number("users", sizes.Users),
    MailsPerUser = Number("mails", sizes.MailsPerUser),
    FilesPerUser = Number("files", sizes.FilesPerUser),
    Sites = Number("sites", sizes.Sites),
    FilesPerLibrary = Number("library-files", sizes.FilesPerLibrary),
    MaxFileBytes = Number("max-file-bytes", sizes.MaxFileBytes),
    EventsPerUser = Number("events", sizes.EventsPerUser),
    ContactsPerUser = Number("contacts", sizes.ContactsPerUser),
    MaxAttachmentBytes = Number("max-attachment-bytes", sizes.MaxAttachmentBytes),
    AttachmentShare = Number("attachment-percent", (int)(sizes.AttachmentShare * 100)) / 100.0,
    Seed = Number("seed", sizes.Seed),
};
var url = new Uri(settings["urls"] ?? "https://127.0.0.1:0");
if (url.Scheme != Uri.UriSchemeHttps || !url.IsLoopback)
{
    Console.Error.WriteLine($"--urls must name https on a loopback address, not {url}.");
    return 2;
}

var normal = new DemoTenantOptions();
await using var server = await DemoTenantServer.StartAsync(
    new DemoTenantOptions
    {
        Sizes = sizes,
        Port = url.Port,
        Latency = TimeSpan.FromMilliseconds(Number("latency-ms", 0)),
        TenantId = settings["tenant"] ?? normal.TenantId,
        ClientSecret = settings["secret"] ?? normal.ClientSecret,
        Permissions =
            settings["writable"] == "true"
                ? normal
                    .Permissions.Concat(["Mail.ReadWrite", "Mail.Send", "Calendars.ReadWrite", "Contacts.ReadWrite", "Files.ReadWrite.All"])
                    .ToHashSet()
                : normal.Permissions,
    }
);
var certificate = settings["ca"] ?? Path.Combine(Path.GetTempPath(), "klarkonform-demo-ca.pem");
await File.WriteAllTextAsync(certificate, server.CaCertificatePem);
Console.WriteLine($"Authority host : {server.BaseUrl}");
Console.WriteLine($"Graph endpoint : {server.BaseUrl}/v1.0");
Console.WriteLine($"CA certificate : {certificate}");
Console.WriteLine($"Tenant id      : {server.Options.TenantId}");
Console.WriteLine($"Client id      : {server.Options.ClientId}");
Console.WriteLine($"Client secret  : {server.Options.ClientSecret}");
Console.WriteLine("Ctrl+C ends it.");
var stop = new TaskCompletionSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.TrySetResult();
};
using var terminated = PosixSignalRegistration.Create(
    PosixSignal.SIGTERM,
    signal =>
    {
        signal.Cancel = true;
        stop.TrySetResult();
    }
);
await stop.Task;
return 0;
