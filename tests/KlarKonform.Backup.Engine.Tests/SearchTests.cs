using System.Text.Json;

namespace KlarKonform.Backup.Engine.Tests;

public sealed class SearchTests
{
    [Fact]
    public async Task Items_are_found_by_every_property_in_every_source_cold_and_warm_alike()
    {
        await using var scenario = await BackupScenario.StartAsync(sources: BackupScenario.Everything);
        await scenario.RunAsync();
        var (anna, subject, file, contact) = scenario.Tenant.Change(
            (model, _) =>
            {
                var user = model.Users[0];
                return (
                    user.UserPrincipalName,
                    user.Mailbox!.Messages.Values.First().Subject,
                    user.Drive!.Items.Values.First(item => !item.IsFolder && item.Size > 0).Name,
                    user.Mailbox.Contacts.Values.First()
                );
            }
        );
        async Task<List<string>> Find(ItemQuery query) =>
            [.. (await RetentionTests.FindAsync(scenario, query)).Select(item => item.Path).Order(StringComparer.Ordinal)];
        var year = scenario.Tenant.Options.Sizes.Year;
        ItemQuery[] queries =
        [
            new() { Subject = subject.ToUpperInvariant(), Sources = ["Mail"] },
            new()
            {
                From = "kunde@",
                To = anna,
                Sources = ["Mail"],
            },
            new() { Name = file },
            new() { Name = "*.eml", Resource = "anna*" },
            new() { Subject = contact.Surname, Sources = ["Contacts"] },
            new()
            {
                Sources = ["Calendar"],
                After = new DateTimeOffset(year, 3, 1, 0, 0, 0, TimeSpan.Zero),
                Before = new DateTimeOffset(year, 6, 1, 0, 0, 0, TimeSpan.Zero),
            },
            new() { Sources = ["Directory"], Subject = "a" },
            new()
            {
                MinimumSize = 10_000,
                MaximumSize = 100_000,
                Sources = ["OneDrive", "SharePoint"],
            },
        ];
        var cold = new List<List<string>>();
        foreach (var query in queries)
            cold.Add(await Find(query));
        Assert.All(cold, found => Assert.NotEmpty(found));
        Assert.All(cold[0], path => Assert.Contains("/Mail/", path, StringComparison.Ordinal));
        Assert.All(cold[3], path => Assert.StartsWith($"/Exchange/{anna}/", path, StringComparison.Ordinal));

        // The index has everything now; a damaged or missing one is created again.
        for (var i = 0; i < queries.Length; i++)
            Assert.Equal(cold[i], await Find(queries[i]));
        foreach (
            var segment in Directory.EnumerateFiles(Path.Combine(scenario.Folder["home"], "cache"), "*.idx", SearchOption.AllDirectories)
        )
        {
            var bytes = await File.ReadAllBytesAsync(segment);
            bytes[bytes.Length / 2] ^= 1;
            await File.WriteAllBytesAsync(segment, bytes);
        }

        for (var i = 0; i < queries.Length; i++)
            Assert.Equal(cold[i], await Find(queries[i]));
    }

    [Fact]
    public async Task Every_item_is_shown_with_the_kind_and_the_name_of_the_resource_below_whose_path_it_is_stored()
    {
        await using var scenario = await BackupScenario.StartAsync();
        Directory.CreateDirectory(scenario.Folder["spool"]);
        (scenario.Secrets["meta"], scenario.Secrets["app"]) = ("demo-meta-token", ChatScenario.Secret);
        var chats = new WhatsAppSettings
        {
            Webhooks = new WhatsAppWebhookSettings
            {
                Spool = new TargetSettings { Type = TargetType.Folder, Path = scenario.Folder["spool"] },
                AppSecret = "vault/app",
                AccessToken = "vault/meta",
                Endpoint = new Uri(scenario.Tenant.MetaEndpoint),
                CaCertificate = scenario.Folder["ca.pem"],
            },
        };
        var sources = BackupScenario.Everything with { WhatsApp = chats };
        await scenario.Engine.UpdateConfigurationAsync(scenario.Configuration() with { Sources = sources }, default);
        await ChatScenario.SpoolAsync(scenario, scenario.Tenant.Chats.Webhooks(new DateTimeOffset(2026, 10, 5, 8, 0, 0, TimeSpan.Zero), 5));
        await scenario.RunAsync();
        using var manifest = JsonDocument.Parse(scenario.Restic.Run("dump", "latest", "/.klarkonform/manifest.json"));
        var items = await RetentionTests.FindAsync(scenario, new ItemQuery());
        var kinds = new HashSet<string>();
        var placed = 0;
        foreach (var resource in manifest.RootElement.GetProperty("resources").EnumerateArray())
        {
            var kind = resource.GetProperty("kind").GetString()!;
            string[] path = [.. resource.GetProperty("path").EnumerateArray().Select(each => each.GetString()!)];
            foreach (var item in items.Where(item => item.Path.StartsWith($"/{string.Join('/', path)}/", StringComparison.Ordinal)))
            {
                // The chats of all numbers are one resource, and each is shown with its number.
                var name = kind == "WhatsApp" ? item.Path.Split('/')[2] : path.ElementAtOrDefault(1) ?? "";
                Assert.Equal((kind, name), (item.Source, item.Resource));
                kinds.Add(kind);
                placed++;
            }
        }

        Assert.Equal(
            ["Calendar", "Contacts", "Directory", "Mail", "OneDrive", "SharePoint", "WhatsApp"],
            kinds.Order(StringComparer.Ordinal)
        );
        Assert.Equal(items.Count, placed);
    }

    [Fact]
    public async Task The_index_on_the_disk_holds_nothing_readable()
    {
        await using var scenario = await BackupScenario.StartAsync();
        await scenario.RunAsync();
        Assert.NotEmpty(await RetentionTests.FindAsync(scenario, new ItemQuery { From = "kunde@beispiel.example" }));
        var segments = Directory.GetFiles(Path.Combine(scenario.Folder["home"], "cache"), "*.idx", SearchOption.AllDirectories);
        Assert.NotEmpty(segments);
        Assert.All(
            segments,
            segment =>
                Assert.DoesNotContain("beispiel", System.Text.Encoding.UTF8.GetString(File.ReadAllBytes(segment)), StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_version_is_shown_once_with_the_newest_snapshot_that_holds_it_and_older_versions_are_found_too()
    {
        await using var scenario = await BackupScenario.StartAsync(sources: new SourceSettings { OneDrive = new DriveSelection() });
        var file = scenario.Tenant.Change(
            (model, generator) => generator.AddFile(model.Users[0].Drive!, model.Users[0].Drive!.Root, "Vertrag.txt", 1000)
        );
        var first = (await scenario.RunAsync()).SnapshotId;
        scenario.Tenant.Change((model, _) => model.Users[0].Drive!.Write(file, 77, 2000, DateTimeOffset.UtcNow));
        await scenario.RunAsync();
        var last = (await scenario.RunAsync()).SnapshotId;
        var found = await RetentionTests.FindAsync(scenario, new ItemQuery { Name = "Vertrag.txt" });
        Assert.Equal([(2000, last), (1000, first)], found.Select(item => (item.Size, (string?)item.SnapshotId)));
    }

    [Fact]
    public async Task A_folder_is_listed_page_by_page_as_the_snapshot_holds_it()
    {
        await using var scenario = await BackupScenario.StartAsync(sources: BackupScenario.Everything);
        await scenario.RunAsync();
        async Task<List<BackupItem>> List(string path, bool recurse = false)
        {
            var items = new List<BackupItem>();
            await foreach (var item in scenario.Engine.GetItemsAsync("Test", "latest", path, recurse, scenario, scenario, default))
                items.Add(item);
            return items;
        }

        Assert.Equal(["Directory", "Exchange", "OneDrive", "SharePoint"], (await List("/")).Select(item => item.Name));
        var mailboxes = await List("/Exchange");
        Assert.All(mailboxes, item => Assert.Equal("Folder", item.Type));
        Assert.Equal(mailboxes.Count, (await List("/Exchange/*")).Count);
        Assert.Contains(
            await List($"{mailboxes[0].Path}/Mail", recurse: true),
            item => item.Type == "Mail" && item.Subject is not null && item.From is not null
        );
        var refused = await Assert.ThrowsAsync<BackupException>(() => List("/Exchange/nobody"));
        Assert.Equal("PathNotFound", refused.ErrorId);
    }
}
