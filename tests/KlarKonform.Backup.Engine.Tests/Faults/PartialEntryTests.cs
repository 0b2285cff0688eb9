using System.Text.Json.Nodes;
using static KlarKonform.Backup.Engine.Tests.Faults.OddTenant;

namespace KlarKonform.Backup.Engine.Tests.Faults;

/// <summary>Delta entries that contain only what changed: what is absent has not changed.</summary>
public sealed class PartialEntryTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_mails_entry_that_tells_only_its_read_mark_changes_nothing_else(bool isRefused)
    {
        await using var scenario = await StartAsync(Mail);
        await scenario.RunAsync();
        var message = scenario.Mailbox().Messages.Values.First();
        scenario.Tenant.Change(
            (_, _) =>
            {
                message.IsRead = !message.IsRead;
                scenario.Mailbox().Touch(message);
            }
        );
        CutEntries(scenario, "/messages/delta", isRefused ? "/messages/" + message.Id : null, "isRead", "parentFolderId");
        scenario.Tenant.Counters.Reset();
        var run = await scenario.RunAsync();
        Assert.DoesNotContain(scenario.Names(), name => name.Contains("1970-01", StringComparison.Ordinal));
        if (isRefused)
        {
            Assert.Equal(BackupState.Partial, run.Status);
            var stored = (await StoredItem.ReadAllAsync(scenario.Folder["repository"], BackupScenario.Password)).Single(each =>
                each.Id == message.Id
            );
            Assert.Equal(message.Subject, stored.Properties.GetProperty("subject").GetString());
        }
        else
        {
            Assert.Equal((BackupState.Succeeded, 0, 0L), (run.Status, scenario.Tenant.Counters["mime"], run.ItemsDownloaded));
            await scenario.AssertSnapshotEqualsTenantAsync();
        }

        await scenario.AssertHealsAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_contacts_entry_that_tells_only_what_changed_keeps_all_the_rest(bool isRefused)
    {
        await using var scenario = await StartAsync(new SourceSettings { Contacts = new SourceSelection() });
        await scenario.RunAsync();
        var contact = scenario.Mailbox().Contacts.Values.First();
        scenario.Tenant.Change(
            (_, _) =>
            {
                contact.Company = "Neue Firma GmbH";
                scenario.Mailbox().Touch(contact);
            }
        );
        CutEntries(
            scenario,
            "/contacts/delta",
            isRefused ? "/contacts/" + contact.Id : null,
            "companyName",
            "changeKey",
            "lastModifiedDateTime",
            "parentFolderId"
        );
        var run = await scenario.RunAsync();
        var json = await ContactAsync(scenario, contact.Id);
        Assert.Equal((contact.Surname, contact.GivenName), (json["surname"]?.ToString(), json["givenName"]?.ToString()));
        if (!isRefused)
        {
            Assert.Equal(BackupState.Succeeded, run.Status);
            await scenario.AssertSnapshotEqualsTenantAsync();
        }

        await scenario.AssertHealsAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_mail_folders_entry_that_tells_only_its_count_keeps_its_name_and_place(bool isRefused)
    {
        await using var scenario = await StartAsync(Mail);
        await scenario.RunAsync();
        var folder = scenario.Mailbox().Folders.Values.First(each => each.Name == "2026");
        var before = scenario.Names().Where(name => name.Contains("/Projekte_Kunden/2026", StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(before);
        scenario.Tenant.Change((_, generator) => scenario.Mailbox().FolderChanges.Add(scenario.Tenant.Model.NextSequence(), folder.Id));
        CutEntries(scenario, "/mailFolders/delta", isRefused ? "/mailFolders/" + folder.Id : null, "totalItemCount");
        var run = await scenario.RunAsync();
        Assert.Equal(before, scenario.Names().Where(name => name.Contains("/Projekte_Kunden/2026", StringComparison.Ordinal)));
        Assert.Equal((isRefused ? BackupState.Partial : BackupState.Succeeded, 0L), (run.Status, run.ItemsRemoved));
        await scenario.AssertHealsAsync();
    }

    // In delta's later rounds entries contain their id and these properties.
    private static void CutEntries(BackupScenario scenario, string delta, string? refused, params string[] kept) =>
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (answer.Path.EndsWith(delta, StringComparison.Ordinal) && answer.Query.Contains("deltatoken", StringComparison.Ordinal))
            {
                answer.ChangeEntries(entry =>
                {
                    foreach (
                        var name in entry
                            .Select(each => each.Key)
                            .Where(name => name is not ("id" or "@odata.type" or "@removed") && !kept.Contains(name))
                            .ToArray()
                    )
                        entry.Remove(name);
                });
            }
            else if (refused is not null && answer.Path.EndsWith(refused, StringComparison.Ordinal))
            {
                answer.Fail(500, "ErrorInternalServerError");
            }
        });

    private static async Task<JsonNode> ContactAsync(BackupScenario scenario, string id)
    {
        using var restored = await scenario.RestoreAsync();
        return restored
            .Find("/Contacts/")
            .Where(file => file.EndsWith(".json", StringComparison.Ordinal))
            .Select(file => JsonNode.Parse(File.ReadAllBytes(file))!)
            .Single(each => each["id"]?.ToString() == id);
    }
}
