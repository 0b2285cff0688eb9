using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.Graph.Authentication;
using KlarKonform.Backup.Graph.Calendars;

namespace KlarKonform.Backup.Graph.Tests;

/// <summary>Every way to sign in, against a token endpoint that checks signatures, audiences and times.</summary>
[Trait("Tier", "Fast")]
public sealed class SignInTests
{
    [Fact]
    public async Task A_registered_certificate_signs_in_and_another_one_is_named_by_its_code()
    {
        using var registered = GraphScenario.NewCertificate();
        using var other = GraphScenario.NewCertificate();
        await using var scenario = await GraphScenario.StartAsync(new DemoTenantOptions { Certificates = [registered] });
        Assert.Equal(3, (await GraphScenario.UsersAsync(scenario.Client(new GraphCredential.ClientCertificate(registered)))).Count);
        var refused = await Assert.ThrowsAsync<GraphException>(() =>
            GraphScenario.UsersAsync(scenario.Client(new GraphCredential.ClientCertificate(other)))
        );
        Assert.Equal((GraphErrorKind.SignInFailed, "AADSTS700027"), (refused.Kind, refused.Code));
    }

    [Fact]
    public async Task A_workload_identity_reads_its_token_file_and_a_strange_token_is_refused()
    {
        await using var scenario = await GraphScenario.StartAsync(
            new DemoTenantOptions { FederatedToken = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJrOHMifQ.c2ln" }
        );
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, scenario.Tenant.Options.FederatedToken);
            Assert.Equal(3, (await GraphScenario.UsersAsync(scenario.Client(new GraphCredential.WorkloadIdentity(file)))).Count);
            await File.WriteAllTextAsync(file, "strange");
            Assert.Equal(
                "AADSTS700027",
                (
                    await Assert.ThrowsAsync<GraphException>(() =>
                        GraphScenario.UsersAsync(scenario.Client(new GraphCredential.WorkloadIdentity(file)))
                    )
                ).Code
            );
        }
        finally
        {
            File.Delete(file);
        }

        Assert.Equal(
            GraphErrorKind.SignInFailed,
            (
                await Assert.ThrowsAsync<GraphException>(() =>
                    GraphScenario.UsersAsync(scenario.Client(new GraphCredential.WorkloadIdentity(file)))
                )
            ).Kind
        );
    }

    [Theory]
    [InlineData("")]
    [InlineData("11111111-2222-3333-4444-555555555555")]
    public async Task A_managed_identity_needs_no_secret_at_all(string clientId)
    {
        await using var scenario = await GraphScenario.StartAsync();

        // What App Service and Azure Automation set for their processes.
        Environment.SetEnvironmentVariable("IDENTITY_ENDPOINT", scenario.Tenant.BaseUrl + "/msi/token");
        Environment.SetEnvironmentVariable("IDENTITY_HEADER", scenario.Tenant.Options.ManagedIdentityHeader);
        try
        {
            var client = scenario.Client(new GraphCredential.ManagedIdentity(), scenario.Settings with { ClientId = clientId });
            Assert.Equal(3, (await GraphScenario.UsersAsync(client)).Count);
            Assert.True(scenario.Tenant.Counters["machineToken"] > 0);
            Assert.Equal(0, scenario.Tenant.Counters["token"]);
        }
        finally
        {
            Environment.SetEnvironmentVariable("IDENTITY_ENDPOINT", null);
            Environment.SetEnvironmentVariable("IDENTITY_HEADER", null);
        }
    }

    [Fact]
    public async Task Tokens_that_expire_in_the_middle_are_renewed_without_a_word()
    {
        // So short-lived that no token is worth keeping for the next request.
        await using var scenario = await GraphScenario.StartAsync(new DemoTenantOptions { TokenSeconds = 2 });
        var client = scenario.Client();
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal(3, (await GraphScenario.UsersAsync(client)).Count);
            await Task.Delay(800);
        }

        Assert.True(scenario.Tenant.Counters["token"] > 1);
    }

    [Fact]
    public async Task The_tokens_roles_are_read_for_diagnosis_and_a_missing_permission_is_named()
    {
        await using var scenario = await GraphScenario.StartAsync(
            new DemoTenantOptions { Permissions = new HashSet<string> { "User.Read.All" } }
        );
        Assert.Equal(["User.Read.All"], await scenario.Tokens().RolesAsync(default));
        var refused = await Assert.ThrowsAsync<GraphException>(() =>
            new CalendarApi(scenario.Client(), scenario.Tenant.Model.Users[0].Id).ProbeAsync(default)
        );
        Assert.Equal((GraphErrorKind.AccessDenied, "Calendars.Read"), (refused.Kind, refused.Permission));
    }

    [Fact]
    public async Task No_secret_and_no_token_stands_in_the_log()
    {
        using var certificate = GraphScenario.NewCertificate();
        await using var scenario = await GraphScenario.StartAsync(new DemoTenantOptions { Certificates = [certificate] });
        var client = scenario.Client();
        await GraphScenario.UsersAsync(client);
        scenario.Tenant.RevokeTokens();
        await GraphScenario.UsersAsync(client);
        Assert.Contains(
            scenario.Requests,
            line =>
                line.StartsWith("GET /v1.0/users -> 200 in ", StringComparison.Ordinal)
                && line.Contains("request-id", StringComparison.Ordinal)
        );
        Assert.Contains(scenario.Events, line => line.Contains("InvalidAuthenticationToken", StringComparison.Ordinal));
        Assert.DoesNotContain(
            scenario.Requests.Concat(scenario.Events),
            line =>
                line.Contains("Bearer", StringComparison.Ordinal)
                || line.Contains("eyJ", StringComparison.Ordinal)
                || line.Contains(scenario.Tenant.Options.ClientSecret, StringComparison.Ordinal)
                || line.Contains('?')
        );
        Assert.DoesNotContain(
            scenario.Tenant.Options.ClientSecret,
            new GraphCredential.ClientSecret(scenario.Tenant.Options.ClientSecret).ToString(),
            StringComparison.Ordinal
        );
    }
}
