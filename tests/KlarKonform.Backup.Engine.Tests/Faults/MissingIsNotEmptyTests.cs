using System.Text.Json.Nodes;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using static KlarKonform.Backup.Engine.Tests.Faults.OddTenant;

namespace KlarKonform.Backup.Engine.Tests.Faults;

/// <summary>A response that lacks what was requested is not an answer: nothing is concluded from it.</summary>
public sealed class MissingIsNotEmptyTests
{
    // Responses to addresses that end like this lack their entries.
    private static readonly string[] s_endpoints =
    [
        "/mailFolders/delta",
        "/messages/delta",
        "/calendars",
        "/events",
        "/contactFolders/delta",
        "/contacts/delta",
        "/users/delta",
        "/groups/delta",
        "/root/delta",
        "/drives",
        "/lists",
        "/items/delta",
        "/sites",
        "/microsoft.graph.sitePage",
        "/getAllSites",
        "/columns",
        "/v:users",
    ];

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var group in s_endpoints.Chunk(6))
            {
                foreach (var how in (string[])["no value", "error with a link", "error alone"])
                    cases.Add(string.Join(' ', group), how);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Entries_that_are_missing_remove_nothing_and_are_never_a_success(string endpoints, string how)
    {
        await using var scenario = await StartAsync(
            sizes: new TenantSizes
            {
                Users = 1,
                MailsPerUser = 4,
                FilesPerUser = 4,
                EventsPerUser = 4,
                ContactsPerUser = 4,
                FilesPerLibrary = 3,
                Sites = 2,
                MaxFileBytes = 2_000,
                AttachmentShare = 0,
            }
        );
        await scenario.RunAsync();
        foreach (var endpoint in endpoints.Split(' '))
        {
            scenario.Tenant.Change((_, generator) => generator.ChangeEverything(6));
            scenario.Tenant.ChangeAnswers(answer => Break(answer, endpoint, how));
            foreach (var full in (bool[])[false, true])
            {
                BackupRun? run = null;
                try
                {
                    run = await scenario.RunAsync(new BackupOptions { Full = full });
                }
                catch (BackupException) when (endpoint == "/v:users")
                {
                    // Without the list of users there is nothing to run, and that is reported.
                }

                if (run is null)
                    continue;

                // Another kind of request may have returned what is missing; then nothing is.
                if (run.Status == BackupState.Succeeded)
                    await AssertEqualAsync(scenario, $"{endpoint}, {how}, full {full}: Succeeded, {string.Join("; ", run.Notes)}");
            }

            scenario.Tenant.ChangeAnswers(null);
            var healed = await scenario.RunAsync();
            Assert.Equal(
                (endpoint, BackupState.Succeeded, ""),
                (endpoint, healed.Status, string.Join("; ", healed.RetryList.Select(each => $"{each.Kind} {each.Name}: {each.Code}")))
            );
            await AssertEqualAsync(scenario, $"{endpoint}, {how}: healed");
        }
    }

    [Theory]
    [InlineData("no value")]
    [InlineData("error alone")]
    public async Task With_Full_an_answer_without_entries_takes_nothing_away(string how)
    {
        await using var scenario = await StartAsync();
        await scenario.RunAsync();
        var before = scenario.Names().Where(IsContent).ToArray();
        scenario.Tenant.ChangeAnswers(answer =>
        {
            foreach (var endpoint in s_endpoints)
                Break(answer, endpoint, how);
        });
        var status = BackupState.Failed;
        try
        {
            status = (await scenario.RunAsync(new BackupOptions { Full = true })).Status;
        }
        catch (BackupException)
        {
            // Nothing could be listed.
        }

        Assert.NotEqual(BackupState.Succeeded, status);
        Assert.Equal(before, scenario.Names().Where(IsContent));
        await scenario.AssertHealsAsync();
    }

    [Theory]
    [InlineData("/users")]
    [InlineData("/sites/getAllSites")]
    public async Task A_user_or_site_that_is_listed_without_its_id_is_never_a_success(string listing)
    {
        await using var scenario = await StartAsync();
        await scenario.RunAsync();
        var before = scenario.Names().Where(IsContent).ToArray();
        var site = scenario.Tenant.Model.Sites.First(each => each.Subsites.Count > 0);
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (answer.Path != listing)
                return;
            answer.ChangeEntry(scenario.User().Id, entry => entry.Remove("id"));
            answer.ChangeEntry(site.Id, entry => entry.Remove("id"));
        });
        Assert.Equal(BackupState.Partial, (await scenario.RunAsync()).Status);
        Assert.Equal(before, scenario.Names().Where(IsContent));
        await scenario.AssertHealsAsync();
    }

    private static bool IsContent(string name) => !name.StartsWith("/.klarkonform", StringComparison.Ordinal);

    private static async Task AssertEqualAsync(BackupScenario scenario, string what)
    {
        try
        {
            await scenario.AssertSnapshotEqualsTenantAsync();
        }
        catch (Xunit.Sdk.XunitException exception)
        {
            throw new InvalidOperationException(what, exception);
        }
    }

    private static void Break(DemoAnswer answer, string endpoint, string how)
    {
        if (!(endpoint == "/v:users" ? answer.Path == "/users" : answer.Path.EndsWith(endpoint, StringComparison.Ordinal)))
            return;
        answer.ChangeJson(json =>
        {
            if (json is not JsonObject page || !page.ContainsKey("value"))
                return;
            page.Remove("value");
            if (how == "no value")
                return;
            page["error"] = new JsonObject { ["code"] = "generalException", ["message"] = "Something went wrong in the middle." };
            page.Remove("@odata.nextLink");
            if (how == "error alone")
                page.Remove("@odata.deltaLink");
        });
    }
}
