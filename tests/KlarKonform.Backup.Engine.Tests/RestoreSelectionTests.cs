using System.IO.Enumeration;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>However a selection overlaps, each selected item is written once.</summary>
public sealed class RestoreSelectionTests
{
    private static readonly TenantSizes s_sizes = new()
    {
        Users = 2,
        MailsPerUser = 10,
        FilesPerUser = 10,
        MaxFileBytes = 20_000,
        EventsPerUser = 6,
        ContactsPerUser = 6,
        Sites = 1,
    };

    [Fact]
    public async Task To_a_folder_a_random_selection_writes_every_selected_file_once_under_names_that_tell_whose_it_is()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes, sources: BackupScenario.Everything);
        await scenario.RunAsync();
        var all = await ListAsync(scenario);
        var random = new Random(11);
        for (var round = 0; round < 60; round++)
        {
            var paths = Selection(random, all);
            var wanted = all.Where(item => item.Type != "Folder" && paths.Any(path => Selects(path, item.Path)))
                .Select(item => item.Path)
                .Order(StringComparer.Ordinal)
                .ToArray();
            var request = new RestoreRequest
            {
                Paths = [.. paths, .. paths.Take(2)],
                Destination = scenario.Folder[$"ziel{round}"],
                KeepPaths = round % 2 == 0,
                Further = round % 3 == 0 ? [new RestoreSelection("latest", paths)] : [],
            };
            var restored = await RestoreAsync(scenario, request);
            Assert.Equal(wanted, restored.Select(item => item.Path).Order(StringComparer.Ordinal));
            Assert.All(restored, item => Assert.Equal("Restored", item.Status));
            Assert.Equal(
                wanted.Length,
                Directory.Exists(request.Destination)
                    ? Directory.GetFiles(request.Destination!, "*", SearchOption.AllDirectories).Length
                    : 0
            );
            if (request.KeepPaths)
                Assert.All(
                    restored,
                    item =>
                        Assert.Equal(
                            item.Path.Split('/').Length,
                            Path.GetRelativePath(request.Destination!, item.File).Split('/').Length + 1
                        )
                );
        }
    }

    [Fact]
    public async Task To_Microsoft_365_a_random_selection_writes_every_selected_item_once_also_when_it_is_cut_and_begun_again()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes, RoundTripTests.Writable(), BackupScenario.Everything);
        await scenario.RunAsync();
        var all = await ListAsync(scenario);
        var random = new Random(12);
        for (var round = 0; round < 10; round++)
        {
            var paths = Selection(random, all);
            var wanted = all.Count(item => IsItem(item) && paths.Any(path => Selects(path, item.Path)));
            scenario.Tenant.Change((model, _) => RoundTripTests.DeleteEverything(model));
            var request = new RestoreRequest
            {
                Paths = [.. paths, .. paths],
                Cloud = new CloudRestore(),
                Further = round % 2 == 0 ? [new RestoreSelection("latest", paths)] : [],
            };
            var cut = round % 3 == 0 ? random.Next(wanted + 1) : int.MaxValue;
            var first = await RestoreAsync(scenario, request, cut);
            var second = cut == int.MaxValue ? [] : await RestoreAsync(scenario, request);
            var written = first.Concat(second).ToArray();
            Assert.DoesNotContain(written, item => item.Status == "Failed");
            Assert.Equal(wanted, scenario.Tenant.Change((model, _) => Count(model)));
            if (cut == int.MaxValue)
                Assert.Equal(wanted, written.Count(item => item.Status == "Restored"));
        }

        Assert.Empty(scenario.Tenant.Counters.Violations);
    }

    [Fact]
    public async Task A_deleted_mail_comes_back_once_although_the_search_also_names_the_folders_above_it()
    {
        await using var scenario = await BackupScenario.StartAsync(
            new TenantSizes
            {
                Users = 1,
                MailsPerUser = 5,
                FilesPerUser = 1,
            },
            RoundTripTests.Writable(),
            new SourceSettings { Mail = new MailSelection() }
        );
        await scenario.Engine.UpdateConfigurationAsync(
            scenario.Configuration() with
            {
                Sources = new SourceSettings { Mail = new MailSelection() },
                Retention = new RetentionSettings { DeletedItems = DeletedItemsPolicy.KeepUntilRetention },
            },
            default
        );
        await scenario.RunAsync();
        scenario.Tenant.Change((model, _) => model.Users[0].Mailbox!.Delete(model.Users[0].Mailbox!.Messages.Values.First()));
        await scenario.RunAsync();
        var before = scenario.Tenant.Change((model, _) => model.Users[0].Mailbox!.Messages.Count);
        Assert.Equal(
            "Mail",
            Assert.Single(await RetentionTests.FindAsync(scenario, new ItemQuery { Deleted = true, Sources = ["Mail"] })).Type
        );
        var found = await RetentionTests.FindAsync(
            scenario,
            new ItemQuery
            {
                Deleted = true,
                Sources = ["Mail"],
                IncludeFolders = true,
            }
        );
        Assert.True(found.Count > 3);
        Assert.Equal(
            "Restored",
            Assert
                .Single(
                    await RestoreAsync(
                        scenario,
                        new RestoreRequest { Paths = [.. found.Select(item => item.Path)], Cloud = new CloudRestore() }
                    )
                )
                .Status
        );
        Assert.Equal(before + 1, scenario.Tenant.Change((model, _) => model.Users[0].Mailbox!.Messages.Count));

        // The existing mail in the older snapshot and the kept deleted one in the newer are the same mail in the same place.
        scenario.Tenant.Change((model, _) => RoundTripTests.DeleteEverything(model));
        var snapshots = await scenario.Engine.GetSnapshotsAsync("Test", scenario, default);
        var both = await RestoreAsync(
            scenario,
            new RestoreRequest
            {
                SnapshotId = snapshots[0].SnapshotId,
                Paths = ["/Exchange"],
                Further = [new RestoreSelection("latest", ["/"])],
                IncludeDeleted = true,
                Conflict = RestoreConflict.Rename,
                Cloud = new CloudRestore(),
            }
        );
        Assert.Equal(before + 1, both.Count);
        Assert.Equal(before + 1, scenario.Tenant.Change((model, _) => model.Users[0].Mailbox!.Messages.Count));
    }

    [Fact]
    public async Task Versions_of_several_snapshots_lie_side_by_side_and_what_is_the_same_lies_there_once()
    {
        await using var scenario = await BackupScenario.StartAsync(sources: new SourceSettings { OneDrive = new DriveSelection() });
        var file = scenario.Tenant.Change(
            (model, generator) => generator.AddFile(model.Users[0].Drive!, model.Users[0].Drive!.Root, "Vertrag.txt", 1000)
        );
        await scenario.RunAsync();
        scenario.Tenant.Change((model, _) => model.Users[0].Drive!.Write(file, 77, 2000, DateTimeOffset.UtcNow));
        await scenario.RunAsync();
        var found = await RetentionTests.FindAsync(scenario, new ItemQuery { Sources = ["OneDrive"] });
        var request = new RestoreRequest
        {
            SnapshotId = found[0].SnapshotId,
            Paths = [],
            KeepPaths = true,
            Destination = scenario.Folder["ziel"],
            Further = [.. found.Concat(found).Select(item => new RestoreSelection(item.SnapshotId, [item.Path]))],
        };
        Assert.Equal(found.Count, (await RestoreAsync(scenario, request)).Count(item => item.Status == "Restored"));
        Assert.Equal(
            [1000L, 2000L],
            Directory
                .GetFiles(scenario.Folder["ziel"], "Vertrag*.txt", SearchOption.AllDirectories)
                .Select(path => new FileInfo(path).Length)
                .Order()
        );
        Assert.All(await RestoreAsync(scenario, request), item => Assert.Equal("Skipped", item.Status));
        Assert.Equal(found.Count, Directory.GetFiles(scenario.Folder["ziel"], "*", SearchOption.AllDirectories).Length);
    }

    [Fact]
    public async Task Several_versions_of_an_item_are_one_in_Microsoft_365_unless_all_are_asked_for()
    {
        await using var scenario = await BackupScenario.StartAsync(
            new TenantSizes
            {
                Users = 1,
                MailsPerUser = 1,
                FilesPerUser = 1,
                EventsPerUser = 1,
            },
            RoundTripTests.Writable(),
            new SourceSettings { Calendar = new SourceSelection() }
        );
        var start = DateTime.UtcNow.Date.AddDays(3);
        scenario.Tenant.Change(
            (model, _) =>
                model
                    .Users[0]
                    .Mailbox!.Events.Add(
                        "AAkVERSION01",
                        new DemoEvent
                        {
                            Id = "AAkVERSION01",
                            CalendarId = model.Users[0].Mailbox!.Calendars.Values.First().Id,
                            Subject = "Angebot",
                            Start = start,
                            End = start.AddHours(1),
                            Html = "alt",
                        }
                    )
        );
        await scenario.RunAsync();
        scenario.Tenant.Change(
            (model, _) =>
            {
                var item = model.Users[0].Mailbox!.Events["AAkVERSION01"];
                (item.Html, item.Version) = ("neu", item.Version + 1);
            }
        );
        await scenario.RunAsync();
        var found = await RetentionTests.FindAsync(scenario, new ItemQuery { Subject = "Angebot" });
        Assert.Equal(2, found.Count);
        var request = new RestoreRequest
        {
            SnapshotId = found[0].SnapshotId,
            Paths = [found[0].Path],
            Further = [new RestoreSelection(found[1].SnapshotId, [found[1].Path])],
            Cloud = new CloudRestore(),
        };
        int Events() =>
            scenario.Tenant.Change((model, _) => model.Users[0].Mailbox!.Events.Values.Count(item => item.Subject == "Angebot"));

        // It still exists: neither version is put next to it.
        Assert.All(await RestoreAsync(scenario, request), item => Assert.Equal("Skipped", item.Status));
        Assert.Equal(1, Events());
        scenario.Tenant.Change((model, _) => RoundTripTests.DeleteEverything(model));
        Assert.Equal(["Restored", "Skipped"], (await RestoreAsync(scenario, request)).Select(item => item.Status));
        Assert.Contains(
            "neu",
            scenario.Tenant.Change(
                (model, _) => Assert.Single(model.Users[0].Mailbox!.Events.Values, item => item.Subject == "Angebot").Html
            ),
            StringComparison.Ordinal
        );
        await RestoreAsync(scenario, request with { Conflict = RestoreConflict.Rename });
        Assert.Equal(3, Events());
    }

    [Fact]
    public async Task A_path_that_is_not_there_is_refused_before_anything_is_written()
    {
        await using var scenario = await BackupScenario.StartAsync();
        await scenario.RunAsync();
        var refused = await Assert.ThrowsAsync<BackupException>(() =>
            RestoreAsync(scenario, new RestoreRequest { Paths = ["/Exchange", "/Exchange/niemand"], Destination = scenario.Folder["ziel"] })
        );
        Assert.Equal(("PathNotFound", true), (refused.ErrorId, refused.Message.Contains("/Exchange/niemand", StringComparison.Ordinal)));
        Assert.False(Directory.Exists(scenario.Folder["ziel"]));
    }

    private static bool IsItem(BackupItem item) =>
        item.Type is "Mail" or "Event" or "Contact"
        || (
            item is { Type: "File", ItemId: not null, Source: "OneDrive" or "SharePoint" }
            && !item.Name.EndsWith(".json", StringComparison.Ordinal)
        );

    private static int Count(DemoTenantModel model) =>
        model
            .Users.Where(user => user.Mailbox is not null)
            .Sum(user => user.Mailbox!.Messages.Count + user.Mailbox.Events.Count + user.Mailbox.Contacts.Count)
        + model.Drives.Sum(drive => drive.Items.Values.Count(item => !item.IsFolder));

    // Items, folders, the same in another case of a pattern, and paths above others.
    private static List<string> Selection(Random random, List<BackupItem> all)
    {
        var paths = new List<string>();
        for (var i = random.Next(1, 7); i > 0; i--)
        {
            var path = all[random.Next(all.Count)].Path;
            var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
            var depth = random.Next(1, parts.Length + 1);
            paths.Add(
                random.Next(4) switch
                {
                    0 => path,
                    1 => "/" + string.Join('/', parts.Take(depth)),
                    2 => "/" + string.Join('/', parts.Take(depth).Select((part, at) => at == depth - 1 ? "*" : part)),
                    _ => "/" + string.Join('/', parts.Select((part, at) => at == random.Next(parts.Length) ? "*" : part)),
                }
            );
        }

        return paths;
    }

    // The rule in its simplest form: the path or one above it is named, level by level.
    private static bool Selects(string wanted, string path)
    {
        var (left, right) = (
            wanted.Split('/', StringSplitOptions.RemoveEmptyEntries),
            path.Split('/', StringSplitOptions.RemoveEmptyEntries)
        );
        return left.Length <= right.Length
            && left.Zip(right)
                .All(pair =>
                    pair.First == pair.Second
                    || (
                        pair.First.Contains('*', StringComparison.Ordinal)
                        && FileSystemName.MatchesSimpleExpression(pair.First, pair.Second)
                    )
                );
    }

    private static async Task<List<BackupItem>> ListAsync(BackupScenario scenario)
    {
        var items = new List<BackupItem>();
        await foreach (var item in scenario.Engine.GetItemsAsync("Test", "latest", "/", true, scenario, scenario, default))
            items.Add(item);
        return items;
    }

    private static async Task<List<RestoredItem>> RestoreAsync(BackupScenario scenario, RestoreRequest request, int cut = int.MaxValue)
    {
        using var stop = new CancellationTokenSource();
        var items = new List<RestoredItem>();
        try
        {
            await foreach (var item in scenario.Engine.RestoreAsync("Test", request, scenario, scenario, stop.Token))
            {
                items.Add(item);
                if (items.Count >= cut)
                    await stop.CancelAsync();
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // As intended.
        }

        return items;
    }
}
