using System.Management.Automation;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.Demo;

/// <summary>The quick start, step by step: what an admin types, against the demo tenant. Every step checks its own claims.</summary>
internal sealed class QuickStart(string output, string password)
{
    public async Task RunAsync()
    {
        Directory.CreateDirectory(output);
        await File.WriteAllTextAsync(Path.Combine(output, "password.txt"), password);
        Environment.SetEnvironmentVariable("KLARKONFORM_BACKUP_HOME", Path.Combine(output, "home"));

        Step("Starting the demo tenant");
        await using var tenant = await DemoTenantServer.StartAsync(new DemoTenantOptions());
        var authority = Path.Combine(output, "demo-ca.pem");
        await File.WriteAllTextAsync(authority, tenant.CaCertificatePem);
        Say($"{tenant.Model.Users.Count} users at {tenant.BaseUrl}");

        Step("Importing the module into a hosted PowerShell");
        using var shell = new ModuleHost();
        Say($"{shell.Invoke("Get-Command -Module KlarKonform.Backup").Count} cmdlets");

        Step("Exporting WhatsApp chats, as users would on their telephones");
        var chats = Path.Combine(output, "chats");
        tenant.Chats.WriteExports(chats);
        Say($"{tenant.Chats.Exported} messages in {Directory.GetFiles(chats).Length} files");

        Step("New-KKBackupConfiguration Demo");
        shell.Invoke(
            """
            param($tenant, $client, $secret, $password, $base, $ca, $folder, $chats, $spool, $app, $word, $token, $meta)
            New-KKBackupConfiguration -Name Demo -TenantId $tenant -ClientId $client -ClientSecret $secret -RepositoryPassword $password `
                -Vault DemoVault -Cloud Custom -AuthorityHost $base -GraphEndpoint "$base/v1.0" -CaCertificate $ca -Path $folder `
                -WhatsAppNumber '+49 30 1234567' -WhatsAppTimeZone Europe/Berlin -WhatsAppExportPath $chats `
                -WhatsAppSpool $spool -WhatsAppAppSecret $app -WhatsAppVerifyToken $word -WhatsAppAccessToken $token -WhatsAppEndpoint $meta
            """,
            tenant.Options.TenantId,
            tenant.Options.ClientId,
            ModuleHost.Secure(tenant.Options.ClientSecret),
            ModuleHost.Secure(password),
            tenant.BaseUrl,
            authority,
            Path.Combine(output, "repository"),
            chats,
            Path.Combine(output, "spool"),
            ModuleHost.Secure(tenant.Options.MetaAppSecret),
            ModuleHost.Secure("demo-word"),
            ModuleHost.Secure(tenant.Options.MetaAccessToken),
            new Uri(tenant.MetaEndpoint)
        );

        Step("Start-KKWhatsAppReceiver Demo: Meta's webhooks arrive");
        var sent = await new DemoWebhooks(tenant).SendAsync(shell, 60);
        Say($"{sent} webhooks are signed, stored and confirmed");

        Step("Test-KKBackupConnection Demo");
        foreach (var check in shell.Invoke("Test-KKBackupConnection Demo"))
        {
            Say($"{Text(check, "Check"), -45} {Text(check, "Result"), -8} {Text(check, "Detail")}");
            Require(Text(check, "Result") == "Passed", $"the check '{Text(check, "Check")}' says: {Text(check, "Hint")}");
        }

        Step("Start-KKBackup Demo (everything)");
        var contents = tenant.Change(
            (model, _) =>
                model.Users.Count
                + model.OrgContacts.Count
                + model.Groups.Count
                + model.Users.Sum(user =>
                    (user.Mailbox is { } mailbox ? mailbox.Messages.Count + mailbox.Events.Count + mailbox.Contacts.Count : 0)
                    + (user.Drive?.Items.Values.Count(item => !item.IsFolder) ?? 0)
                )
                + model
                    .Sites.Where(site => site.Owner is null)
                    .SelectMany(site => site.AndBelow)
                    .Sum(site =>
                        site.Pages.Count
                        + site.Lists.Sum(list => list.Items.Count)
                        + site.Libraries.Sum(drive => drive.Items.Count - 1 + drive.Items.Values.Count(item => !item.IsFolder))
                    )
        );
        Run(shell, contents, withChats: true);

        Step("Changing the tenant");
        var changes = tenant.Change(
            (model, generator) =>
            {
                generator.Calendars.Add(model.Users[0]);
                generator.Contacts.Add(model.Users[0]);
                return generator.Change(40);
            }
        );
        Say(
            $"{changes.NewMessages} new mails, {changes.NewContents} new file contents, an event, a contact, and moves, renames, deletions"
        );

        Step("Start-KKBackup Demo (what changed)");
        tenant.Counters.Reset();
        Run(shell, changes.NewMessages + changes.NewFiles + 2);
        Require(
            tenant.Counters["mime"] == changes.NewMessages && tenant.Counters["download"] == changes.NewContents,
            $"{tenant.Counters["mime"]} mails and {tenant.Counters["download"]} files were downloaded"
        );
        Require(
            tenant.Counters.Violations.Count == 0,
            "limits of the tenant were broken: " + string.Join("; ", tenant.Counters.Violations)
        );

        Step("Start-KKBackup Demo (nothing changed)");
        tenant.Counters.Reset();
        Run(shell, 0);
        Require(tenant.Counters["mime"] + tenant.Counters["content"] == 0, "an unchanged run downloaded something");

        Step("Get-KKBackupStatus, Get-KKBackupSnapshot, Test-KKBackup -ReadData");
        var status = shell.Invoke("Get-KKBackupStatus Demo")[0];
        Say($"{Text(status, "Name")}: {Text(status, "StatusText")}, verified: {Text(status, "Verified")}");
        Require(Text(status, "Status") == "Succeeded" && Text(status, "Verified") == "True", "the status is not Succeeded and verified");
        Require(shell.Invoke("Get-KKBackupSnapshot Demo").Count == 3, "there are not three snapshots");
        var report = shell.Invoke("Test-KKBackup Demo -ReadData")[0];
        Say($"{Text(report, "Packs")} packs, {Text(report, "BytesRead")} bytes read and decrypted");
        Require(Text(report, "Passed") == "True", "the integrity check found problems");

        Step("Restore-KKBackupItem: everything, compared with the tenant byte for byte");
        var restored = Path.Combine(output, "restored");
        Say($"{shell.Invoke("Restore-KKBackupItem Demo / $args[0]", restored).Count} files restored");
        CompareMails(tenant, restored);
        CountCards(tenant, restored);
        CompareFiles(tenant, restored);
        CompareChats(tenant, restored, sent);
    }

    private static void Run(ModuleHost shell, int expected, bool withChats = false)
    {
        var run = shell.Invoke("Start-KKBackup Demo")[0];
        if (withChats)
        {
            // A chat's items are months, pages and media: the comparison counts its messages.
            var part = ((System.Collections.IEnumerable)run.Properties["Resources"].Value)
                .Cast<object>()
                .Select(PSObject.AsPSObject)
                .Single(each => Text(each, "Kind") == "WhatsApp");
            Say($"WhatsApp: {Text(part, "ItemsDownloaded")} months and files");
            expected += int.Parse(Text(part, "ItemsDownloaded"), System.Globalization.CultureInfo.InvariantCulture);
        }

        Say(
            $"{Text(run, "Status")}: {Text(run, "ItemsDownloaded")} downloaded, {Text(run, "ItemsUpdated")} updated, "
                + $"{Text(run, "ItemsRemoved")} removed, {Text(run, "BytesStored")} bytes stored"
        );
        Require(Text(run, "Status") == "Succeeded", $"the run ended as {Text(run, "Status")}");
        Require(
            Text(run, "ItemsDownloaded") == $"{expected}",
            $"{Text(run, "ItemsDownloaded")} items were downloaded, {expected} were to be"
        );
    }

    private static void CompareMails(DemoTenantServer tenant, string restored)
    {
        var expected = tenant.Change(
            (model, _) =>
                model
                    .Users.Where(user => user.Mailbox is not null)
                    .SelectMany(user => user.Mailbox!.Messages.Values.Select(MimeWriter.Write))
                    .Select(Hash)
                    .Order()
                    .ToArray()
        );
        var found = Directory
            .EnumerateFiles(Path.Combine(restored, "Exchange"), "*.eml", SearchOption.AllDirectories)
            .Select(File.ReadAllBytes)
            .Select(Hash)
            .Order()
            .ToArray();
        Require(expected.SequenceEqual(found), $"{found.Length} restored mails differ from {expected.Length} in the tenant");
        Say($"{found.Length} mails are equal");
    }

    private static void CountCards(DemoTenantServer tenant, string restored)
    {
        var (events, cards) = tenant.Change(
            (model, _) =>
                (
                    model.Users.Sum(user => user.Mailbox?.Events.Count ?? 0),
                    model.Users.Sum(user => user.Mailbox?.Contacts.Count ?? 0)
                        + model.Users.Count
                        + model.OrgContacts.Count
                        + model.Groups.Count
                )
        );
        int Found(string pattern) =>
            Directory
                .EnumerateFiles(restored, pattern, SearchOption.AllDirectories)
                .Count(file => !file.StartsWith(Path.Combine(restored, "WhatsApp"), StringComparison.Ordinal));
        Require(
            Found("*.ics") == events && Found("*.vcf") == cards,
            $"{Found("*.ics")} events and {Found("*.vcf")} cards were restored, {events} and {cards} were to be"
        );
        Say($"{events} events and {cards} cards are there");
    }

    private static void CompareFiles(DemoTenantServer tenant, string restored)
    {
        var count = 0;
        tenant.Change(
            (model, _) =>
            {
                foreach (var user in model.Users.Where(user => user.Drive is not null))
                {
                    var root = Path.Combine(restored, "OneDrive", user.UserPrincipalName);
                    foreach (var item in user.Drive!.Items.Values.Where(item => !item.IsFolder))
                    {
                        var file = Path.Combine(root, user.Drive.PathOf(item));
                        Require(
                            File.Exists(file) && File.ReadAllBytes(file).SequenceEqual(SeededContent.Bytes(item.Seed, (int)item.Size)),
                            $"'{file}' differs from the tenant's"
                        );
                        count++;
                    }

                    Require(
                        Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Count()
                            == user.Drive.Items.Values.Count(item => !item.IsFolder),
                        $"'{root}' holds more than the drive"
                    );
                }
            }
        );
        Say($"{count} files are equal");
    }

    private static void CompareChats(DemoTenantServer tenant, string restored, int sent)
    {
        var folder = Path.Combine(restored, "WhatsApp");
        var lines = Directory.EnumerateFiles(folder, "*.jsonl", SearchOption.AllDirectories).Sum(file => File.ReadLines(file).Count());
        Require(lines == tenant.Chats.Exported + sent, $"{lines} lines of chats were restored, {tenant.Chats.Exported + sent} were to be");
        Say(
            $"{lines} messages and statuses are there, "
                + $"{Directory.EnumerateFiles(folder, "*.png", SearchOption.AllDirectories).Count()} pictures"
        );
        Say($"A chat to read: {Directory.EnumerateFiles(folder, "2026-*.html", SearchOption.AllDirectories).Order().First()}");
    }

    private static string Hash(byte[] content) => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(content));

    private static string Text(PSObject value, string property) => $"{value.Properties[property]?.Value}";

    private static void Require(bool held, string failure)
    {
        if (!held)
            throw new InvalidOperationException(failure);
    }

    private static void Step(string text) => Console.WriteLine($"\n== {text}");

    private static void Say(string text) => Console.WriteLine($"  {text}");
}
