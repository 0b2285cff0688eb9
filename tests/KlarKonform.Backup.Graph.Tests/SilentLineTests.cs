using System.Text;
using KlarKonform.Backup.DemoTenant.Model;
using KlarKonform.Backup.Graph.Authentication;
using KlarKonform.Backup.Graph.Drives;
using KlarKonform.Backup.Graph.Governing;
using KlarKonform.Backup.Graph.Http;
using KlarKonform.Backup.Graph.Mail;
using KlarKonform.Backup.Http;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Graph.Tests;

/// <summary>Connections that are never closed and on which nothing arrives any more, as firewalls leave them.</summary>
public sealed class SilentLineTests
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromMinutes(2);
    private static readonly LineLimits s_limits = new() { Headers = TimeSpan.FromSeconds(2), Silence = TimeSpan.FromSeconds(1) };

    [Fact]
    public async Task An_answer_that_does_not_come_is_asked_for_again()
    {
        await using var scenario = await GraphScenario.StartAsync(limits: s_limits);
        var client = scenario.Client(time: new ImmediateTime());
        var asked = 0;
        scenario.Tenant.ChangeAnswers(answer =>
            answer.SilentAfter = answer.Path.StartsWith("/users", StringComparison.Ordinal) && ++asked == 1 ? 0 : null
        );
        Assert.Equal(3, (await GraphScenario.UsersAsync(client).WaitAsync(s_deadline)).Count);
        Assert.True(asked > 1);
    }

    [Fact]
    public async Task A_page_that_stops_in_the_middle_is_asked_for_again()
    {
        await using var scenario = await GraphScenario.StartAsync(limits: s_limits);
        var client = scenario.Client(time: new ImmediateTime());
        var asked = 0;
        scenario.Tenant.ChangeAnswers(answer =>
            answer.SilentAfter = answer.Path.StartsWith("/users", StringComparison.Ordinal) && ++asked <= 2 ? answer.Body.Length / 2 : null
        );
        Assert.Equal(3, (await GraphScenario.UsersAsync(client).WaitAsync(s_deadline)).Count);
    }

    [Fact]
    public async Task A_service_that_never_answers_is_asked_as_often_as_any_and_then_named()
    {
        await using var scenario = await GraphScenario.StartAsync(limits: new LineLimits { Headers = TimeSpan.FromSeconds(1) });
        var client = scenario.Client(time: new ImmediateTime());
        await GraphScenario.UsersAsync(client); // The line worked before: otherwise it would be waited for longer.
        var asked = 0;
        scenario.Tenant.ChangeAnswers(answer =>
        {
            asked++;
            answer.SilentAfter = 0;
        });
        var request = new GraphRequest(GraphScope.Directory, client.Address("/users")) { MaxAttempts = 3 };
        var failure = await Assert.ThrowsAsync<GraphException>(() => client.GetJsonAsync(request, default).WaitAsync(s_deadline));
        Assert.Equal((GraphErrorKind.Unreachable, 3), (failure.Kind, asked));
        Assert.Contains("did not answer within 1 seconds", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public async Task What_makes_something_new_is_never_sent_twice_because_of_silence(int after)
    {
        await using var scenario = await GraphScenario.StartAsync(limits: s_limits);
        var client = scenario.Client(time: new ImmediateTime());
        await GraphScenario.UsersAsync(client);
        var sent = 0;
        scenario.Tenant.ChangeAnswers(answer =>
        {
            sent++;
            answer.SilentAfter = after;
        });
        var user = scenario.Tenant.Model.Users[0];
        var request = new GraphRequest(GraphScope.Mailbox(user.Id), client.Address($"/users/{user.Id}/mailFolders"))
        {
            Body = Encoding.UTF8.GetBytes("""{"displayName":"Neu"}"""),
            IsCreation = true,
        };
        await Assert.ThrowsAsync<GraphException>(() => client.GetJsonAsync(request, default).WaitAsync(s_deadline));
        Assert.Equal(1, sent);
    }

    [Fact]
    public async Task A_download_that_falls_silent_goes_on_where_it_stopped()
    {
        await using var scenario = await GraphScenario.StartAsync(limits: s_limits);
        var client = scenario.Client(time: new ImmediateTime());
        var user = scenario.Tenant.Model.Users[0];
        var file = scenario.Tenant.Change((_, generator) => generator.AddFile(user.Drive!, user.Drive!.Root, "groß.bin", 2_000_000));
        var asked = 0;
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (answer.Path.StartsWith("/download", StringComparison.Ordinal) && ++asked <= 2)
                answer.SilentAfter = 700_000;
        });
        await using var stream = await new DriveApi(client).ContentAsync(user.Drive!.Id, file.Id, file.Size, null, 0, default);
        using var memory = new MemoryStream();
        await stream.CopyToAsync(memory).WaitAsync(s_deadline);
        Assert.Equal(SeededContent.Bytes(file.Seed, (int)file.Size), memory.ToArray());
        Assert.Equal(3, asked);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    public async Task A_download_of_which_nothing_new_comes_is_given_up(int after)
    {
        await using var scenario = await GraphScenario.StartAsync(
            limits: new LineLimits { Headers = TimeSpan.FromSeconds(1), Silence = TimeSpan.FromSeconds(1) }
        );
        var client = scenario.Client(time: new ImmediateTime());
        await GraphScenario.UsersAsync(client);
        var user = scenario.Tenant.Model.Users[0];
        var file = scenario.Tenant.Change((_, generator) => generator.AddFile(user.Drive!, user.Drive!.Root, "groß.bin", 2_000_000));
        var asked = 0;
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (answer.Path.StartsWith("/download", StringComparison.Ordinal))
                answer.SilentAfter = ++asked == 1 ? after : 0;
        });
        await using var stream = await new DriveApi(client).ContentAsync(user.Drive!.Id, file.Id, file.Size, null, 0, default);
        var failure = await Assert.ThrowsAsync<GraphException>(() => stream.CopyToAsync(Stream.Null).WaitAsync(s_deadline));
        Assert.Equal("DownloadBroken", failure.Code);
        Assert.Equal(6, asked);
    }

    [Fact]
    public async Task A_large_mail_that_stops_at_the_same_byte_every_time_ends_as_an_error_of_its_own()
    {
        await using var scenario = await GraphScenario.StartAsync(limits: s_limits);
        var client = scenario.Client(time: new ImmediateTime());
        var user = scenario.Tenant.Model.Users[0];
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (!answer.Path.EndsWith("/$value", StringComparison.Ordinal))
                return;
            answer.Body = new byte[8 << 20];
            answer.SilentAfter = 6 << 20;
        });
        await using var mime = await new MailApi(client, user.Id).MimeAsync(user.Mailbox!.Messages.Keys.First(), default);
        var failure = await Assert.ThrowsAsync<GraphException>(() => mime.CopyToAsync(Stream.Null).WaitAsync(s_deadline));
        Assert.Equal((GraphErrorKind.Unreachable, "BrokenAnswer"), (failure.Kind, failure.Code));
    }

    [Fact]
    public async Task A_sign_in_without_an_answer_is_a_line_and_not_a_refusal()
    {
        await using var scenario = await GraphScenario.StartAsync();
        using var handler = new LineLimitHandler(
            new SilentHandler(),
            new LineLimits { Headers = TimeSpan.FromMilliseconds(200) },
            TimeProvider.System
        );
        using var tokens = new GraphTokenSource(scenario.Settings, new GraphCredential.ClientSecret("any"), handler, TimeProvider.System);
        var failure = await Assert.ThrowsAsync<GraphException>(() => tokens.GetAsync(default).WaitAsync(s_deadline));
        Assert.Equal(GraphErrorKind.Unreachable, failure.Kind);
    }

    private sealed class SilentHandler : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            throw new InvalidOperationException();
        }
    }
}
