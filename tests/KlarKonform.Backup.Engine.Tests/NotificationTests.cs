using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http.Protocol;

namespace KlarKonform.Backup.Engine.Tests;

public sealed class NotificationTests
{
    private static readonly TenantSizes s_sizes = new()
    {
        Users = 1,
        MailsPerUser = 3,
        FilesPerUser = 2,
        MaxFileBytes = 5000,
    };

    [Fact]
    public async Task A_change_of_state_is_told_once_by_webhook_and_by_mail_and_the_next_night_is_quiet()
    {
        await using var scenario = await BackupScenario.StartAsync(
            s_sizes,
            new DemoTenantOptions { Permissions = new DemoTenantOptions().Permissions.Append("Mail.Send").ToHashSet() }
        );
        await using var hook = new Hook();
        scenario.Secrets["hook"] = hook.Address;
        var admin = scenario.Tenant.Change((model, _) => model.Users[0].UserPrincipalName);
        await scenario.Engine.UpdateConfigurationAsync(
            scenario.Configuration() with
            {
                Notification = new NotificationSettings
                {
                    Webhook = "vault/hook",
                    MailFrom = admin,
                    MailTo = ["it@contoso.example", "chef@contoso.example"],
                },
            },
            default
        );
        await scenario.RunAsync();
        await scenario.RunAsync();
        scenario.Tenant.Change((model, _) => model.Users[0].Mailbox!.Messages.Values.First().IsCorrupt = true);
        scenario.Tenant.Change((model, _) => model.Users[0].Mailbox!.Touch(model.Users[0].Mailbox!.Messages.Values.First()));
        scenario.Tenant.Change((model, generator) => generator.AddMessage(model.Users[0]).IsUnreadable = true);
        Assert.Equal(BackupState.Partial, (await scenario.RunAsync()).Status);
        await scenario.RunAsync();
        scenario.Secrets["graph"] = "falsch";
        await Assert.ThrowsAsync<BackupException>(() => scenario.RunAsync());
        await Assert.ThrowsAsync<BackupException>(() => scenario.RunAsync());
        Assert.Equal(["Succeeded", "Partial", "Failed"], hook.Received.Select(each => each.GetProperty("status").GetString()));
        Assert.Equal(
            [null, "Succeeded", "Partial"],
            hook.Received.Select(each => each.TryGetProperty("before", out var before) ? before.GetString() : null)
        );
        Assert.All(hook.Received, each => Assert.Equal("Test", each.GetProperty("configuration").GetString()));

        // Without a sign-in no mail can be sent; the webhook was notified, and the warning says why.
        var mails = scenario.Tenant.Change((model, _) => model.SentMails.ToArray());
        Assert.Equal(
            [(admin, "it@contoso.example,chef@contoso.example"), (admin, "it@contoso.example,chef@contoso.example")],
            mails.Select(mail => (mail.From, mail.To))
        );
        Assert.Contains(scenario.Warnings, warning => warning.Contains(admin, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_machine_without_a_journal_knows_the_last_state_from_the_repository()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes);
        await using var hook = new Hook();
        scenario.Secrets["hook"] = hook.Address;
        var configuration = scenario.Configuration() with { Notification = new NotificationSettings { Webhook = "vault/hook" } };
        foreach (var home in (string[])["one", "two"])
        {
            var engine = scenario.NewEngine(home);
            await engine.CreateConfigurationAsync(configuration, default);
            await scenario.RunAsync(engine: engine);
        }

        Assert.Single(hook.Received);
    }

    [Theory]
    [InlineData("http://example.com/hook")]
    [InlineData("kein Webhook")]
    [InlineData("http://127.0.0.1:9/geheimer-pfad")]
    public async Task A_webhook_that_does_not_work_is_a_warning_without_its_address_and_the_run_is_what_it_is(string address)
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes);
        scenario.Secrets["hook"] = address;
        await scenario.Engine.UpdateConfigurationAsync(
            scenario.Configuration() with
            {
                Notification = new NotificationSettings { Webhook = "vault/hook" },
            },
            default
        );
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        Assert.DoesNotContain("geheimer", Assert.Single(scenario.Warnings), StringComparison.Ordinal);
    }

    internal sealed class Hook : IAsyncDisposable
    {
        private readonly HttpListener _listener = new();
        private readonly Task _serving;

        public Hook()
        {
            using (var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0))
            {
                probe.Start();
                Address = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/hook/";
            }

            _listener.Prefixes.Add(Address);
            _listener.Start();
            _serving = ServeAsync();
        }

        public string Address { get; }

        public ConcurrentQueue<JsonElement> Received { get; } = new();

        public async ValueTask DisposeAsync()
        {
            _listener.Stop();
            await _serving;
            _listener.Close();
        }

        private async Task ServeAsync()
        {
            try
            {
                while (true)
                {
                    var context = await _listener.GetContextAsync();
                    Received.Enqueue(await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.InputStream));
                    context.Response.StatusCode = 200;
                    context.Response.Close();
                }
            }
            catch (Exception exception) when (exception is HttpListenerException or InvalidOperationException && !_listener.IsListening)
            {
                // Stopped, while waiting or a moment before.
            }
        }
    }
}
