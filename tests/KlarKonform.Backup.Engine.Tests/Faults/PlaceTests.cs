using System.Text;
using System.Text.Json.Nodes;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using static KlarKonform.Backup.Engine.Tests.Faults.OddTenant;

namespace KlarKonform.Backup.Engine.Tests.Faults;

/// <summary>Where an item is: in the bin, in an unknown place, behind an answer that never ends.</summary>
public sealed class PlaceTests
{
    [Fact]
    public async Task A_deleted_event_that_can_still_be_had_from_the_bin_is_gone_from_its_calendar()
    {
        await using var scenario = await StartAsync(Calendar);
        await scenario.RunAsync();
        var deleted = scenario.Mailbox().Events.Values.First();
        scenario.Tenant.Change((_, _) => scenario.Mailbox().Events.Remove(deleted.Id));
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (!answer.Path.EndsWith($"/events/{deleted.Id}", StringComparison.Ordinal))
                return;
            answer.Status = 200;
            answer.SetJson(new JsonObject { ["id"] = deleted.Id, ["subject"] = deleted.Subject });
        });
        var run = await scenario.RunAsync();
        Assert.Equal((BackupState.Succeeded, 0, 1L), (run.Status, run.RetryList.Count, run.ItemsRemoved));
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task A_mail_that_failed_and_then_names_a_folder_that_nobody_knows_stays_on_the_retry_list()
    {
        await using var scenario = await StartAsync(Mail);
        var mail = scenario.Mailbox().Messages.Values.First();
        scenario.Tenant.ChangeAnswers(answer => FailAll(answer, mail.Id));
        Assert.Equal(mail.Id, Assert.Single((await scenario.RunAsync()).RetryList).ItemId);
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (answer.Path.EndsWith($"/messages/{mail.Id}", StringComparison.Ordinal))
                answer.ChangeJson(json => json["parentFolderId"] = "AQMkNirgends");
        });
        var run = await scenario.RunAsync();
        Assert.Equal(BackupState.Partial, run.Status);
        Assert.Equal(mail.Id, Assert.Single(run.RetryList).ItemId);
        await scenario.AssertHealsAsync();
    }

    [Fact]
    public async Task A_folder_that_only_the_listing_names_and_without_its_id_is_asked_for_again()
    {
        await using var scenario = await StartAsync(Mail);
        var hidden = scenario.Mailbox().Folders.Values.First(folder => folder is { Hidden: true, IsSearchFolder: false });
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (answer.Path.EndsWith("/mailFolders", StringComparison.Ordinal))
                answer.ChangeEntry(hidden.Id, entry => entry["id"] = false);
            else if (answer.Path.EndsWith("/mailFolders/delta", StringComparison.Ordinal))
                Leave(answer, hidden.Id);
        });
        Assert.Equal(BackupState.Partial, (await scenario.RunAsync()).Status);
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (answer.Path.EndsWith("/mailFolders/delta", StringComparison.Ordinal))
                Leave(answer, hidden.Id);
        });
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Theory]
    [InlineData(502)]
    [InlineData(504)]
    public async Task An_event_that_is_too_slow_for_the_gateway_costs_itself_and_no_other(int status)
    {
        await using var scenario = await StartAsync(Calendar);
        var slow = scenario.Mailbox().Events.Values.First();
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (
                answer.Path.EndsWith("/$batch", StringComparison.Ordinal)
                && Encoding.UTF8.GetString(answer.Body).Contains(slow.Id, StringComparison.Ordinal)
            )
                answer.Fail(status, "GatewayTimeout");
        });
        var run = await scenario.RunAsync();
        Assert.Equal(slow.Id, AssertOneFailure(run, FailureLevel.Item).ItemId);
        await scenario.AssertHealsAsync();
    }

    [Fact]
    public async Task A_drive_whose_pages_lead_in_a_circle_with_new_tickets_ends()
    {
        await using var scenario = await StartAsync(OneDrive);
        var pages = 0;
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (
                !answer.Path.StartsWith("/drives/" + scenario.User().Drive!.Id, StringComparison.Ordinal)
                || !answer.Path.EndsWith("/root/delta", StringComparison.Ordinal)
            )
                return;
            var page = Interlocked.Increment(ref pages);
            Assert.True(page < 500);
            answer.ChangeJson(json =>
            {
                json.AsObject().Remove("@odata.deltaLink");
                json["@odata.nextLink"] = $"{scenario.Tenant.BaseUrl}/v1.0{answer.Path}?kreis={page}";
                foreach (var entry in json["value"]!.AsArray().OfType<JsonObject>())
                    entry["@microsoft.graph.downloadUrl"] = $"{scenario.Tenant.BaseUrl}/download/kreis/{page}";
            });
        });
        Assert.Equal(BackupState.Partial, (await scenario.RunAsync()).Status);
        await scenario.AssertHealsAsync();
    }

    [Theory]
    [InlineData("contacts")]
    [InlineData("directory")]
    public async Task An_entry_that_once_came_deeply_nested_is_as_it_should_be_once_the_answers_are(string kind)
    {
        await using var scenario = await StartAsync(
            kind == "contacts"
                ? new SourceSettings { Contacts = new SourceSelection() }
                : new SourceSettings { Directory = new DirectorySettings() }
        );
        var id = kind == "contacts" ? scenario.Mailbox().Contacts.Keys.First() : scenario.User().Id;
        scenario.Tenant.ChangeAnswers(answer =>
            answer.ChangeEntry(
                id,
                entry =>
                {
                    JsonNode deep = "Grund";
                    for (var level = 0; level < 200; level++)
                        deep = new JsonObject { ["tiefer"] = deep };
                    entry["department"] = deep;
                }
            )
        );
        Assert.NotEqual(BackupState.Failed, (await scenario.RunAsync()).Status);
        scenario.Tenant.ChangeAnswers(null);
        scenario.Tenant.Change((_, generator) => generator.ChangeEverything(1));
        await scenario.RunAsync(new BackupOptions { Full = true });
        await scenario.AssertHealsAsync();
    }

    private static void FailAll(DemoAnswer answer, string id)
    {
        if (answer.Path.Contains($"/messages/{id}", StringComparison.Ordinal))
            answer.Fail(500, "ErrorInternalServerError");
    }

    private static void Leave(DemoAnswer answer, string id) =>
        answer.ChangeJson(json =>
        {
            if (json is JsonObject page && page["value"] is JsonArray entries)
                page["value"] = new JsonArray([
                    .. entries.Where(entry => entry!["id"]?.ToString() != id).Select(entry => entry!.DeepClone()),
                ]);
        });
}
