using System.Text.Json.Nodes;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using static KlarKonform.Backup.Engine.Tests.Faults.OddTenant;

namespace KlarKonform.Backup.Engine.Tests.Faults;

/// <summary>A comparison that would remove much is not trusted before the items themselves were requested.</summary>
public sealed class RemovalGuardTests
{
    private static readonly TenantSizes s_many = new()
    {
        Users = 1,
        MailsPerUser = 0,
        FilesPerUser = 0,
        EventsPerUser = 0,
        ContactsPerUser = 0,
        FilesPerLibrary = 0,
        Sites = 2,
        MaxFileBytes = 500,
        AttachmentShare = 0,
    };

    [Theory]
    [InlineData("mail", 0)]
    [InlineData("mail", 50)]
    [InlineData("contacts", 0)]
    [InlineData("contacts", 50)]
    [InlineData("events", 0)]
    [InlineData("events", 50)]
    [InlineData("drive", 0)]
    [InlineData("drive", 50)]
    [InlineData("list", 0)]
    [InlineData("list", 50)]
    public async Task A_full_listing_that_lost_more_than_half_takes_nothing_away(string kind, int listed)
    {
        await using var scenario = await StartAsync(SourcesOf(kind), s_many);
        var ids = Fill(scenario, kind, 130);
        await scenario.RunAsync();
        var before = scenario.Names();
        var hidden = ids.Skip(listed).ToHashSet();
        scenario.Tenant.ChangeAnswers(answer => Hide(answer, kind, scenario, hidden));
        var run = await scenario.RunAsync(new BackupOptions { Full = true });
        var failure = AssertOneFailure(run, FailureLevel.Part);
        Assert.Equal(("RemovalsWait", 0L), (failure.Code, run.ItemsRemoved));
        Assert.Equal(before.Where(IsContent), scenario.Names().Where(IsContent));
        await scenario.AssertHealsAsync();
    }

    [Theory]
    [InlineData("mail")]
    [InlineData("contacts")]
    [InlineData("events")]
    [InlineData("drive")]
    [InlineData("list")]
    public async Task Items_that_were_deleted_go_however_many_they_are(string kind)
    {
        await using var scenario = await StartAsync(SourcesOf(kind), s_many);
        var ids = Fill(scenario, kind, 130);
        await scenario.RunAsync();
        scenario.Tenant.Change(
            (model, _) =>
            {
                foreach (var id in ids.Skip(10))
                    Delete(scenario, kind, id);
            }
        );
        var run = await scenario.RunAsync(new BackupOptions { Full = true });
        Assert.Equal((BackupState.Succeeded, 0, 120L), (run.Status, run.RetryList.Count, run.ItemsRemoved));
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task A_small_folder_whose_listing_comes_back_empty_stays()
    {
        await using var scenario = await StartAsync();
        await scenario.RunAsync();
        var before = scenario.Names();
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (
                answer.Path.EndsWith("/delta", StringComparison.Ordinal)
                || answer.Path.EndsWith("/events", StringComparison.Ordinal)
                || answer.Path.EndsWith("/microsoft.graph.sitePage", StringComparison.Ordinal)
            )
                answer.ChangeJson(json =>
                {
                    if (json is JsonObject page && page["value"] is JsonArray all)
                        all.Clear();
                });
        });
        var run = await scenario.RunAsync(new BackupOptions { Full = true });
        Assert.Equal((BackupState.Partial, 0L), (run.Status, run.ItemsRemoved));
        Assert.Contains(run.RetryList, failure => failure.Code == "RemovalsWait");
        Assert.Equal(before.Where(IsContent), scenario.Names().Where(IsContent));
        await scenario.AssertHealsAsync();
    }

    private static bool IsContent(string name) => !name.StartsWith("/.klarkonform", StringComparison.Ordinal);

    private static SourceSettings SourcesOf(string kind) =>
        kind switch
        {
            "mail" => Mail,
            "contacts" => new SourceSettings { Contacts = new SourceSelection() },
            "events" => Calendar,
            "drive" => OneDrive,
            _ => SharePoint,
        };

    private static string[] Fill(BackupScenario scenario, string kind, int count)
    {
        string[] ids = [];
        scenario.Tenant.Change(
            (model, generator) =>
            {
                var (mailbox, drive) = (scenario.Mailbox(), scenario.User().Drive!);
                var inbox = mailbox.Folders.Values.First(each => each.WellKnownName == "inbox");
                var day = DateTime.UtcNow.Date.AddHours(9);
                ids =
                [
                    .. Enumerable
                        .Range(0, count)
                        .Select(number =>
                            kind switch
                            {
                                "mail" => generator.AddMessage(scenario.User(), inbox.Id).Id,
                                "contacts" => AddContact(scenario, number),
                                "events" => mailbox.AddEvent($"Termin {number}", day.AddDays(number), day.AddDays(number).AddHours(1)).Id,
                                "drive" => generator.AddFile(drive, drive.Root, $"Datei {number:D3}.bin", 20).Id,
                                _ => AddRow(scenario, number),
                            }
                        ),
                ];
            }
        );
        return ids;
    }

    private static string AddContact(BackupScenario scenario, int number)
    {
        var contact = new DemoTenant.Model.DemoContact
        {
            Id = $"AAkCont{number:D6}",
            FolderId = scenario.Mailbox().DefaultContactFolder,
            GivenName = "Kunde",
            Surname = $"Nummer {number}",
        };
        scenario.Mailbox().Add(contact);
        return contact.Id;
    }

    private static string AddRow(BackupScenario scenario, int number)
    {
        var item = EmptyList(scenario).Add(DateTimeOffset.UtcNow.AddDays(-1));
        item.Fields["Title"] = $"Zeile {number}";
        return item.Id.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    private static DemoTenant.Model.DemoList EmptyList(BackupScenario scenario) =>
        scenario.Tenant.Model.Sites.First(site => site.Subsites.Count > 0).Lists[1];

    private static void Delete(BackupScenario scenario, string kind, string id)
    {
        var (mailbox, drive) = (scenario.Mailbox(), scenario.User().Drive!);
        switch (kind)
        {
            case "mail":
                mailbox.Delete(mailbox.Messages[id]);
                break;
            case "contacts":
                mailbox.Delete(mailbox.Contacts[id]);
                break;
            case "events":
                mailbox.Events.Remove(id);
                break;
            case "drive":
                drive.Delete(drive.Items[id]);
                break;
            default:
                EmptyList(scenario).Delete(EmptyList(scenario).Items[id]);
                break;
        }
    }

    private static void Hide(DemoAnswer answer, string kind, BackupScenario scenario, HashSet<string> hidden)
    {
        var end = kind switch
        {
            "mail" => "/messages/delta",
            "contacts" => "/contacts/delta",
            "events" => "/events",
            "drive" => "/root/delta",
            _ => $"/lists/{EmptyList(scenario).Id}/items/delta",
        };
        if (!answer.Path.EndsWith(end, StringComparison.Ordinal))
            return;
        answer.ChangeJson(json =>
        {
            if (json is JsonObject page && page["value"] is JsonArray entries)
                page["value"] = new JsonArray([
                    .. entries.Where(entry => !hidden.Contains(entry!["id"]!.ToString())).Select(entry => entry!.DeepClone()),
                ]);
        });
    }
}
