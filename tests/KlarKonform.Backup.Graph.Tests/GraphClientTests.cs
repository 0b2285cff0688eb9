using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.DemoTenant.Model;
using KlarKonform.Backup.Graph.Authentication;
using KlarKonform.Backup.Graph.Contacts;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Drives;
using KlarKonform.Backup.Graph.Governing;
using KlarKonform.Backup.Graph.Http;
using KlarKonform.Backup.Graph.Mail;

namespace KlarKonform.Backup.Graph.Tests;

/// <summary>The client against the demo tenant, through the real Azure.Identity.</summary>
[Trait("Tier", "Fast")]
public sealed class GraphClientTests
{
    [Fact]
    public async Task A_revoked_token_is_renewed_once_and_the_work_goes_on()
    {
        await using var scenario = await GraphScenario.StartAsync();
        var client = scenario.Client();
        await GraphScenario.UsersAsync(client);
        scenario.Tenant.RevokeTokens();
        Assert.Equal(3, (await GraphScenario.UsersAsync(client)).Count);
    }

    [Theory]
    [InlineData("demo-expired-secret", "AADSTS7000222")]
    [InlineData("wrong", "AADSTS7000215")]
    public async Task A_refused_secret_is_named_by_its_code(string secret, string code)
    {
        await using var scenario = await GraphScenario.StartAsync();
        var client = scenario.Client(new GraphCredential.ClientSecret(secret));
        var failure = await Assert.ThrowsAsync<GraphException>(() => GraphScenario.UsersAsync(client));
        Assert.Equal((GraphErrorKind.SignInFailed, code), (failure.Kind, failure.Code));
    }

    [Fact]
    public async Task The_token_is_never_sent_to_another_host()
    {
        await using var scenario = await GraphScenario.StartAsync();
        var client = scenario.Client();
        var failure = await Assert.ThrowsAsync<GraphException>(() =>
            client.GetJsonAsync(new GraphRequest(GraphScope.Directory, new Uri("https://localhost:1/v1.0/users")), default)
        );
        Assert.Equal("ForeignLink", failure.Code);
    }

    [Fact]
    public async Task A_download_that_breaks_resumes_and_no_token_reaches_its_host()
    {
        await using var scenario = await GraphScenario.StartAsync();
        var client = scenario.Client();
        var user = scenario.Tenant.Model.Users[0];
        var file = scenario.Tenant.Change((_, generator) => generator.AddFile(user.Drive!, user.Drive!.Root, "groß.bin", 2_000_000));
        await using var insecure = await new DriveApi(client).ContentAsync(
            user.Drive!.Id,
            file.Id,
            file.Size,
            new Uri("http://files.example/1"),
            0,
            default
        );
        Assert.Equal(
            "InsecureLink",
            (await Assert.ThrowsAsync<GraphException>(async () => await insecure.ReadExactlyAsync(new byte[1]))).Code
        );
        scenario.Tenant.BreakDownloads(1);
        await using var stream = await new DriveApi(client).ContentAsync(user.Drive!.Id, file.Id, file.Size, null, 0, default);
        using var memory = new MemoryStream();
        await stream.CopyToAsync(memory);
        Assert.Equal(SeededContent.Bytes(file.Seed, (int)file.Size), memory.ToArray());
        Assert.Equal(2, scenario.Tenant.Counters["download"]);
        Assert.Empty(scenario.Tenant.Counters.Violations);
    }

    [Fact]
    public async Task Four_requests_at_a_time_on_a_mailbox_and_no_more()
    {
        await using var scenario = await GraphScenario.StartAsync();
        var client = scenario.Client();
        var user = scenario.Tenant.Model.Users[0];
        var mail = new MailApi(client, user.Id);
        await Parallel.ForEachAsync(
            user.Mailbox!.Messages.Keys,
            new ParallelOptions { MaxDegreeOfParallelism = 12 },
            async (id, token) =>
            {
                await using var mime = await mail.MimeAsync(id, token);
                Assert.True(await mime.ReadAsync(new byte[1], token) > 0);
            }
        );
        Assert.Empty(scenario.Tenant.Counters.Violations);
    }

    [Fact]
    public async Task A_user_without_a_licence_is_told_from_a_failure()
    {
        await using var scenario = await GraphScenario.StartAsync();
        var client = scenario.Client();
        var user = scenario.Tenant.Model.Users[^1];
        Assert.Equal(
            GraphErrorKind.NotProvisioned,
            (await Assert.ThrowsAsync<GraphException>(() => new MailApi(client, user.Id).ProbeAsync(default))).Kind
        );
        Assert.Equal(
            GraphErrorKind.NotProvisioned,
            (await Assert.ThrowsAsync<GraphException>(() => new DriveApi(client).UserDriveAsync(user.Id, default))).Kind
        );
    }

    [Fact]
    public async Task A_batch_of_many_gives_every_answer_in_its_place()
    {
        await using var scenario = await GraphScenario.StartAsync();
        var user = scenario.Tenant.Model.Users[0];
        var ids = user.Mailbox!.Contacts.Keys.Concat(["AAkNobody"]).SelectMany(id => Enumerable.Repeat(id, 4)).ToArray();
        var photos = await new ContactApi(scenario.Client(), user.Id).PhotosAsync(ids, default);
        Assert.Equal(ids.Length, photos.Count);
        foreach (var (id, photo) in ids.Zip(photos))
        {
            if (user.Mailbox.Contacts.GetValueOrDefault(id)?.PhotoSeed is { } seed)
                Assert.Equal(SeededContent.Photo(seed), photo.Bytes);
            else
                Assert.Equal(GraphErrorKind.NotFound, photo.Failure!.Kind);
        }

        Assert.Equal((ids.Length + 19) / 20, scenario.Tenant.Counters["batch"]);
        Assert.Empty(scenario.Tenant.Counters.Violations);
    }

    [Fact]
    public async Task Batches_and_single_requests_on_one_mailbox_stay_below_its_four_places()
    {
        await using var scenario = await GraphScenario.StartAsync(new DemoTenantOptions { Latency = TimeSpan.FromMilliseconds(5) });
        var user = scenario.Tenant.Model.Users[0];
        var client = scenario.Client();
        var (contacts, mail) = (new ContactApi(client, user.Id), new MailApi(client, user.Id));
        await Task.WhenAll(
            Enumerable
                .Range(0, 12)
                .Select(i =>
                    i % 2 == 0
                        ? contacts.PhotosAsync([.. user.Mailbox!.Contacts.Keys], default)
                        : (Task)mail.ItemCountAsync(user.Mailbox!.Folder("inbox").Id, default)
                )
        );
        Assert.Empty(scenario.Tenant.Counters.Violations);
    }

    [Fact]
    public async Task Faults_of_every_kind_are_repeated_until_the_answer_is_there()
    {
        await using var scenario = await GraphScenario.StartAsync(new DemoTenantOptions { FaultRate = 0.15 });
        var user = scenario.Tenant.Model.Users[0];
        var client = scenario.Client();
        var (contacts, mail) = (new ContactApi(client, user.Id), new MailApi(client, user.Id));
        foreach (var message in user.Mailbox!.Messages.Values)
        {
            await using var mime = await mail.MimeAsync(message.Id, default);
            using var memory = new MemoryStream();
            await mime.CopyToAsync(memory);
            Assert.Equal(MimeWriter.Write(message), memory.ToArray());
        }

        Assert.All(
            await contacts.PhotosAsync([.. user.Mailbox.Contacts.Keys], default),
            photo => Assert.True(photo.Failure is null or { Kind: GraphErrorKind.NotFound })
        );
        Assert.True(scenario.Tenant.Counters["fault"] > 0);
        Assert.Contains(scenario.Events, line => line.Contains("attempt 2 in", StringComparison.Ordinal));
    }

    [Fact]
    public async Task While_a_page_is_worked_on_the_next_one_is_on_its_way_and_no_further()
    {
        await using var scenario = await GraphScenario.StartAsync();
        var user = scenario.Tenant.Model.Users[0];
        var client = scenario.Client();
        await GraphScenario.UsersAsync(client);
        int Asked() => scenario.Requests.ToArray().Count(line => line.Contains("mailFolders", StringComparison.Ordinal));
        var pages = DeltaReader
            .ReadAsync(
                client,
                new GraphRequest(GraphScope.Mailbox(user.Id), client.Address($"/users/{user.Id}/mailFolders/delta")),
                1,
                PageKind.Delta,
                default
            )
            .GetAsyncEnumerator();
        Assert.True(await pages.MoveNextAsync());
        Assert.NotNull(pages.Current.NextLink);
        while (Asked() < 2)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        await Task.Delay(200, TestContext.Current.CancellationToken);
        Assert.Equal((2, 1), (Asked(), pages.Current.Items.Count)); // Both pages are valid, the third is not requested.
        await pages.DisposeAsync();
        Assert.Equal(2, Asked());
    }

    [Fact]
    public async Task An_expired_link_asks_for_a_new_beginning()
    {
        await using var scenario = await GraphScenario.StartAsync();
        var user = scenario.Tenant.Model.Users[0];
        var mail = new MailApi(scenario.Client(), user.Id);
        Uri? link = null;
        await foreach (var page in mail.MessageDeltaAsync(user.Mailbox!.Folder("inbox").Id, null, default))
            link = page.DeltaLink;
        scenario.Tenant.ExpireDeltaTokens();
        var expired = await Assert.ThrowsAsync<GraphException>(async () =>
        {
            await foreach (var page in mail.MessageDeltaAsync(user.Mailbox!.Folder("inbox").Id, link, default))
                Assert.NotNull(page);
        });
        Assert.Equal((GraphErrorKind.ResyncRequired, "SyncStateNotFound"), (expired.Kind, expired.Code));
    }
}
