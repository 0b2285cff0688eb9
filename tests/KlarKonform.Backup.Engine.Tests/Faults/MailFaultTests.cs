using System.Text;
using System.Text.Json.Nodes;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.DemoTenant.Model;
using static KlarKonform.Backup.Engine.Tests.Faults.OddTenant;

namespace KlarKonform.Backup.Engine.Tests.Faults;

/// <summary>A damaged mail, page or folder affects only itself, and no edit is taken for a flag change.</summary>
public sealed class MailFaultTests
{
    [Fact]
    public async Task A_folder_whose_delta_always_fails_is_read_by_listing()
    {
        await using var scenario = await StartAsync(Mail);
        var folder = Crowded(scenario);
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (answer.Path.EndsWith($"/mailFolders/{folder.Id}/messages/delta", StringComparison.Ordinal))
                answer.Fail(500, "ErrorInternalServerError", "Error while processing response.");
        });
        var run = await scenario.RunAsync();
        Assert.Equal((BackupState.Succeeded, 0), (run.Status, run.RetryList.Count));
        Assert.Contains(run.Notes, note => note.Contains("ErrorInternalServerError", StringComparison.Ordinal));
        await scenario.AssertSnapshotEqualsTenantAsync();
        await scenario.AssertHealsAsync();
    }

    [Theory]
    [InlineData(500)]
    [InlineData(404)]
    public async Task A_folder_that_cannot_be_read_at_all_is_named_and_the_others_are_stored(int status)
    {
        await using var scenario = await StartAsync(Mail);
        var folder = Crowded(scenario);
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (answer.Path.Contains($"/mailFolders/{folder.Id}/messages", StringComparison.Ordinal))
                answer.Fail(status, status == 404 ? "ErrorItemNotFound" : "ErrorInternalServerError");
        });
        Assert.Equal(folder.Name, AssertOneFailure(await scenario.RunAsync(), FailureLevel.Part).Name);
        Assert.Equal(Others(scenario, folder), await StoredMailsAsync(scenario));
        await scenario.AssertHealsAsync();
    }

    [Fact]
    public async Task A_mail_that_its_page_cannot_be_written_with_is_reached_by_halving_the_page()
    {
        await using var scenario = await StartAsync(Mail);
        var corrupt = scenario.Mailbox().Messages.Values.First(each => each.FolderId == Crowded(scenario).Id).Id;
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (answer.EntryCount() > 1 && answer.Shows(corrupt))
                answer.Fail(500, "ErrorInternalServerError", "Error while processing response.");
        });
        var run = await scenario.RunAsync();
        Assert.Equal((BackupState.Succeeded, 0), (run.Status, run.RetryList.Count));
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task A_mail_that_no_page_can_be_written_with_is_passed_over_and_named()
    {
        await using var scenario = await StartAsync(Mail);
        var folder = Crowded(scenario);
        var corrupt = scenario.Mailbox().Messages.Values.First(each => each.FolderId == folder.Id).Id;
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (answer.Shows(corrupt))
                answer.Fail(500, "ErrorInternalServerError", "Error while processing response.");
        });
        var run = await scenario.RunAsync();
        Assert.Equal((BackupState.Partial, 1), (run.Status, run.RetryList.Count));
        Assert.Equal(
            scenario
                .Tenant.Model.Users.SelectMany(user => user.Mailbox?.Messages.Keys ?? Enumerable.Empty<string>())
                .Where(id => id != corrupt)
                .Order(StringComparer.Ordinal),
            await StoredMailsAsync(scenario)
        );
        await scenario.AssertHealsAsync();
    }

    [Theory]
    [InlineData("messages/delta", false)]
    [InlineData("messages", false)]
    [InlineData("messages", true)]
    public async Task Json_that_breaks_off_is_no_page(string below, bool withError)
    {
        await using var scenario = await StartAsync(Mail);
        var folder = Crowded(scenario);
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (answer.Path.Contains($"/mailFolders/{folder.Id}/{below}", StringComparison.Ordinal))
                answer.Body = withError
                    ? Encoding.UTF8.GetBytes("""{"value":[{"error":{"code":"ErrorInvalidIdMalformed"}}""")
                    : answer.Body[..(answer.Body.Length / 2)];
        });
        var run = await scenario.RunAsync();
        if (below == "messages/delta")
            Assert.Equal((BackupState.Succeeded, 0), (run.Status, run.RetryList.Count));
        else
            Assert.Equal(folder.Name, AssertOneFailure(run, FailureLevel.Part).Name);
        Assert.Empty(Others(scenario, folder).Except(await StoredMailsAsync(scenario)));
        await scenario.AssertHealsAsync();
    }

    [Theory]
    [InlineData(false, false, "the text and its length")]
    [InlineData(true, false, "a text of equal length")]
    [InlineData(true, true, "a text of equal length, and its folder")]
    public async Task A_mail_that_was_edited_and_marked_at_once_is_read_again(bool sameLength, bool moved, string what)
    {
        Assert.NotEmpty(what);
        await using var scenario = await StartAsync(Mail);
        await scenario.RunAsync();
        scenario.Tenant.Change((_, _) => Edit(scenario, sameLength, moved));
        var run = await scenario.RunAsync();
        Assert.Equal((BackupState.Succeeded, 1L), (run.Status, run.ItemsDownloaded));
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task A_full_run_heals_a_mail_whose_edit_nothing_showed()
    {
        await using var scenario = await StartAsync(Mail);
        void Hide(DemoAnswer answer) =>
            answer.ChangeEntries(each =>
            {
                each.Remove("bodyPreview");
                each.Remove("singleValueExtendedProperties");
            });
        scenario.Tenant.ChangeAnswers(Hide);
        await scenario.RunAsync();
        scenario.Tenant.Change((_, _) => Edit(scenario, sameLength: true, moved: false));
        Assert.Equal(0, (await scenario.RunAsync()).ItemsDownloaded);
        scenario.Tenant.ChangeAnswers(null);
        var run = await scenario.RunAsync(new BackupOptions { Full = true });
        Assert.Equal(BackupState.Succeeded, run.Status);
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_mail_whose_mime_always_breaks_is_stored_as_json_with_its_attachments(bool attachmentsAlone)
    {
        await using var scenario = await StartAsync(
            Mail,
            new TenantSizes
            {
                Users = 1,
                MailsPerUser = 6,
                AttachmentShare = 1,
                MaxAttachmentBytes = 30_000,
            }
        );
        var broken = scenario.Mailbox().Messages.Values.First();
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (answer.Path.EndsWith($"/messages/{broken.Id}/$value", StringComparison.Ordinal))
                answer.CutAfter = 600;
            if (
                attachmentsAlone
                && answer.Path.EndsWith("/messages/" + broken.Id, StringComparison.Ordinal)
                && answer.Query.Contains("attachments", StringComparison.Ordinal)
            )
                answer.Fail(500, "ErrorInternalServerError");
        });
        var failure = AssertOneFailure(await scenario.RunAsync(), FailureLevel.Item);
        Assert.Equal((broken.Id, true), (failure.ItemId, failure.IsStored));
        using (var restored = await scenario.RestoreAsync())
        {
            var file = Assert.Single(restored.Find("/Mail/"), each => each.EndsWith(".json", StringComparison.Ordinal));
            foreach (var attachment in broken.Attachments)
            {
                var bytes = attachmentsAlone
                    ? File.ReadAllBytes(
                        restored
                            .Find(Path.GetFileNameWithoutExtension(file))
                            .Single(each => each.EndsWith(attachment.Name, StringComparison.Ordinal))
                    )
                    : Convert.FromBase64String(
                        JsonNode.Parse(File.ReadAllBytes(file))!["attachments"]!
                            .AsArray()
                            .Single(each => each!["name"]!.ToString() == attachment.Name)!["contentBytes"]!.ToString()
                    );
                Assert.Equal(SeededContent.Bytes(attachment.Seed, attachment.Size), bytes);
            }
        }

        await scenario.AssertHealsAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Pages_that_lead_in_a_circle_end_and_the_folder_is_read_another_way(bool freshLinks)
    {
        await using var scenario = await StartAsync(Mail);
        var folder = Crowded(scenario);
        var pages = 0;
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (!answer.Path.EndsWith($"/mailFolders/{folder.Id}/messages/delta", StringComparison.Ordinal))
                return;
            Assert.True(Interlocked.Increment(ref pages) < 100);
            answer.ChangeJson(json =>
            {
                json.AsObject().Remove("@odata.deltaLink");
                json["@odata.nextLink"] = $"{scenario.Tenant.BaseUrl}/v1.0{answer.Path}?kreis={(freshLinks ? pages : 0)}";
            });
        });
        var run = await scenario.RunAsync();
        Assert.Equal((BackupState.Succeeded, 0), (run.Status, run.RetryList.Count));
        await scenario.AssertSnapshotEqualsTenantAsync();
        await scenario.AssertHealsAsync();
    }

    // The folder with the most messages.
    private static DemoMailFolder Crowded(BackupScenario scenario) =>
        scenario.Mailbox().Folders.Values.MaxBy(folder => scenario.Mailbox().Messages.Values.Count(each => each.FolderId == folder.Id))!;

    private static string[] Others(BackupScenario scenario, DemoMailFolder folder) =>
        [
            .. scenario
                .Tenant.Model.Users.SelectMany(user => user.Mailbox?.Messages.Values ?? Enumerable.Empty<DemoMessage>())
                .Where(each => each.FolderId != folder.Id)
                .Select(each => each.Id)
                .Order(StringComparer.Ordinal),
        ];

    private static async Task<string[]> StoredMailsAsync(BackupScenario scenario) =>
        [
            .. (await StoredItem.ReadAllAsync(scenario.Folder["repository"], BackupScenario.Password))
                .Where(each =>
                    each.Path.Contains("/Mail/", StringComparison.Ordinal) && each.Document.GetProperty("type").GetString() == "message"
                )
                .Select(each => each.Id)
                .Order(StringComparer.Ordinal),
        ];

    private static void Edit(BackupScenario scenario, bool sameLength, bool moved)
    {
        var mailbox = scenario.Mailbox();
        var message = mailbox.Messages.Values.First(each => each.FolderId == Crowded(scenario).Id);
        message.Seed++;
        if (!sameLength)
            message.TextLength += 500;
        message.IsRead = !message.IsRead;
        if (moved)
            mailbox.Move(message, mailbox.Folders.Values.First(each => each.WellKnownName == "deleteditems"));
        else
            mailbox.Touch(message);
    }
}
