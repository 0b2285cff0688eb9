using System.Text.Json.Nodes;
using KlarKonform.Backup.DemoTenant.Model;
using static KlarKonform.Backup.Engine.Tests.Faults.OddTenant;

namespace KlarKonform.Backup.Engine.Tests.Faults;

/// <summary>A part of a site with odd answers affects only itself.</summary>
public sealed class SiteFaultTests
{
    [Fact]
    public async Task A_subsite_whose_lists_are_not_found_is_named_and_everything_else_goes_on()
    {
        await using var scenario = await StartAsync(SharePoint);
        await scenario.RunAsync();
        var site = Site(scenario);
        var subsite = Assert.Single(site.Subsites);
        scenario.Tenant.Change(
            (_, generator) =>
            {
                generator.AddFile(site.Libraries[0], site.Libraries[0].Root, "Neu.bin", 300);
                generator.AddFile(subsite.Libraries[0], subsite.Libraries[0].Root, "Auch neu.bin", 300);
            }
        );
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (answer.Path.EndsWith($"/sites/{subsite.Id}/lists", StringComparison.Ordinal))
                answer.Fail(404, "itemNotFound");
        });
        var run = await scenario.RunAsync();
        Assert.Contains(subsite.Title, AssertOneFailure(run, FailureLevel.Part).Name, StringComparison.Ordinal);
        Assert.Equal(0, run.ItemsRemoved);
        Assert.Contains(scenario.Names(), name => name.EndsWith("/Neu.bin", StringComparison.Ordinal));
        Assert.Contains(scenario.Names(), name => name.EndsWith("/Auch neu.bin", StringComparison.Ordinal));
        await scenario.AssertHealsAsync();
    }

    [Fact]
    public async Task A_list_with_more_look_ups_than_an_answer_holds_is_stored_with_all_of_them()
    {
        await using var scenario = await StartAsync(SharePoint);
        var list = Site(scenario).Lists.First(each => each.Items.Count > 0);
        var people = Enumerable.Range(1, 15).Select(number => $"Person{number:D2}").ToArray();
        scenario.Tenant.Change(
            (_, _) =>
            {
                foreach (var item in list.Items.Values)
                {
                    foreach (var person in people)
                        item.Fields[person + "LookupId"] = $"{item.Id}0{person[^2..]}";
                    list.Touch(item);
                }
            }
        );
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (answer.Path.EndsWith($"/lists/{list.Id}/columns", StringComparison.Ordinal))
            {
                answer.ChangeJson(json =>
                {
                    foreach (var person in people)
                        json["value"]!
                            .AsArray()
                            .Add(
                                new JsonObject
                                {
                                    ["id"] = "column-" + person,
                                    ["name"] = person,
                                    ["displayName"] = person,
                                    ["hidden"] = false,
                                    ["personOrGroup"] = new JsonObject(),
                                }
                            );
                });
            }
            else if (
                answer.Path.EndsWith($"/lists/{list.Id}/items/delta", StringComparison.Ordinal)
                || answer.Path.EndsWith($"/lists/{list.Id}/items", StringComparison.Ordinal)
            )
            {
                answer.ChangeEntries(entry =>
                {
                    foreach (var person in people[12..])
                        entry["fields"]?.AsObject().Remove(person + "LookupId");
                });
            }
        });
        var run = await scenario.RunAsync();
        Assert.Equal((BackupState.Succeeded, 0), (run.Status, run.RetryList.Count));
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_list_whose_delta_fails_is_listed_and_one_that_cannot_be_listed_is_named(bool notEvenListed)
    {
        await using var scenario = await StartAsync(SharePoint);
        var list = Site(scenario).Lists.First(each => each.Items.Count > 0);
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (
                answer.Path.EndsWith($"/lists/{list.Id}/items/delta", StringComparison.Ordinal)
                || (notEvenListed && answer.Path.EndsWith($"/lists/{list.Id}/items", StringComparison.Ordinal))
            )
                answer.Fail(
                    500,
                    "generalException",
                    "The attempted operation is prohibited because it exceeds the lookup column threshold."
                );
        });
        var run = await scenario.RunAsync();
        if (notEvenListed)
        {
            Assert.Equal(list.Title, AssertOneFailure(run, FailureLevel.Part).Name);
        }
        else
        {
            Assert.Equal((BackupState.Succeeded, 0), (run.Status, run.RetryList.Count));
            await scenario.AssertSnapshotEqualsTenantAsync();
        }

        await scenario.AssertHealsAsync();
    }

    [Fact]
    public async Task A_page_whose_canvas_cannot_be_had_is_stored_without_it_and_named()
    {
        await using var scenario = await StartAsync(SharePoint);
        var page = Site(scenario).Pages[0];
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (
                answer.Path.EndsWith($"/pages/{page.Id}/microsoft.graph.sitePage", StringComparison.Ordinal)
                && answer.Query.Contains("canvasLayout", StringComparison.Ordinal)
            )
                answer.Fail(500, "generalException", "General exception while processing");
        });
        var failure = AssertOneFailure(await scenario.RunAsync(), FailureLevel.Extra);
        Assert.Equal((page.Name, true), (failure.Name, failure.IsStored));
        await scenario.AssertHealsAsync();
    }

    [Fact]
    public async Task Pages_that_cannot_be_listed_are_one_failure_and_take_nothing_away()
    {
        await using var scenario = await StartAsync(SharePoint);
        await scenario.RunAsync();
        var site = Site(scenario);
        scenario.Tenant.Change((_, generator) => generator.AddFile(site.Libraries[0], site.Libraries[0].Root, "Neu.bin", 300));
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (answer.Path.EndsWith($"/sites/{site.Id}/pages/microsoft.graph.sitePage", StringComparison.Ordinal))
                answer.Fail(500, "generalException", "General exception while processing");
        });
        var run = await scenario.RunAsync();
        AssertOneFailure(run, FailureLevel.Part);
        Assert.Equal(0, run.ItemsRemoved);
        await scenario.AssertSnapshotEqualsTenantAsync();
        await scenario.AssertHealsAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_pages_library_is_read_whether_listings_show_it_or_not(bool isListed)
    {
        await using var scenario = await StartAsync(SharePoint);
        var site = Site(scenario);
        DemoDriveItem[] pages = [];
        scenario.Tenant.Change(
            (_, generator) =>
            {
                site.PagesLibrary = generator.Sites.NewLibrary("Site Pages", 0);
                site.PagesLibrary.IsListed = isListed;
                pages =
                [
                    generator.AddFile(site.PagesLibrary, site.PagesLibrary.Root, "Wiki Start.aspx", 700),
                    generator.AddFile(site.PagesLibrary, site.PagesLibrary.Root, "Wiki Regeln.aspx", 900),
                ];
            }
        );
        for (var i = 0; i < 2; i++)
        {
            var run = await scenario.RunAsync();
            Assert.Equal((BackupState.Succeeded, 0, 0L), (run.Status, run.RetryList.Count, run.ItemsRemoved));
            using var restored = await scenario.RestoreAsync();
            foreach (var page in pages)
                Assert.Equal(
                    SeededContent.Bytes(page.Seed, (int)page.Size),
                    File.ReadAllBytes(Assert.Single(restored.Find("/Site Pages/" + page.Name)))
                );
        }
    }

    private static DemoSite Site(BackupScenario scenario) => scenario.Tenant.Model.Sites.First(site => site.Subsites.Count > 0);
}
