using System.Security.Cryptography.X509Certificates;
using KlarKonform.Backup.Demo;

namespace KlarKonform.Backup.Cmdlets.Tests;

/// <summary>Ways to sign in as an admin sets them up, and what happens after mistakes.</summary>
public sealed class SignInTests(ModuleFixture module) : IClassFixture<ModuleFixture>
{
    private const string Rest =
        "-RepositoryPassword $args[0] -Vault DemoVault -Cloud Custom -AuthorityHost $args[1] -GraphEndpoint "
        + "\"$($args[1])/v1.0\" -CaCertificate $args[2] -TenantId $args[3]";

    [Theory]
    [InlineData("Pfx", true)]
    [InlineData("Pem", false)]
    public async Task A_certificate_file_goes_to_the_vault_and_signs_in(string form, bool password)
    {
        var file = module.Folder[$"app-{form}"];
        if (form == "Pfx")
            await File.WriteAllBytesAsync(file, module.Certificate.Export(X509ContentType.Pkcs12, "Kennwort"));
        else
            await File.WriteAllTextAsync(
                file,
                module.Certificate.ExportCertificatePem() + "\n" + module.Certificate.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem()
            );
        New(
            $"Cert{form}",
            $"-ClientId $args[4] -CertificateFile $args[5] {(password ? "-CertificatePassword $args[6]" : "")}",
            module.Tenant.Options.ClientId,
            file,
            ModuleHost.Secure("Kennwort")
        );
        File.Delete(file);
        var stored = await File.ReadAllTextAsync(module.Folder["home", "configurations", $"Cert{form}.json"]);
        Assert.Matches($"DemoVault/KlarKonform-[0-9a-z-]+-Cert{form}-[0-9a-f]{{8}}-Certificate\"", stored);
        Assert.Equal("Succeeded", $"{module.Invoke($"(Start-KKBackup Cert{form}).Status")[0]}");
        Assert.Equal(
            "Passed",
            $"{module.Invoke($"(Test-KKBackupConnection Cert{form} | Where-Object Check -eq 'Permission Calendars.Read').Result")[0]}"
        );
    }

    [Fact]
    public void A_certificate_of_the_users_store_signs_in_by_its_thumbprint()
    {
        // Through PFX: a store keeps private keys that came with their certificate.
        using var kept = X509CertificateLoader.LoadPkcs12(
            module.Certificate.Export(X509ContentType.Pkcs12),
            null,
            X509KeyStorageFlags.PersistKeySet | X509KeyStorageFlags.Exportable
        );
        using var store = new X509Store(StoreName.My, StoreLocation.CurrentUser);
        store.Open(OpenFlags.ReadWrite);
        store.Add(kept);
        try
        {
            New("Stored", "-ClientId $args[4] -CertificateThumbprint $args[5]", module.Tenant.Options.ClientId, kept.Thumbprint);
            Assert.Equal("Succeeded", $"{module.Invoke("(Start-KKBackup Stored).Status")[0]}");
        }
        finally
        {
            store.Remove(kept);
        }
    }

    [Fact]
    public void A_managed_identity_needs_neither_client_id_nor_secret()
    {
        Environment.SetEnvironmentVariable("IDENTITY_ENDPOINT", module.Tenant.BaseUrl + "/msi/token");
        Environment.SetEnvironmentVariable("IDENTITY_HEADER", module.Tenant.Options.ManagedIdentityHeader);
        try
        {
            New("Managed", "-AuthenticationMethod ManagedIdentity");
            Assert.Equal("Succeeded", $"{module.Invoke("(Start-KKBackup Managed).Status")[0]}");
        }
        finally
        {
            Environment.SetEnvironmentVariable("IDENTITY_ENDPOINT", null);
            Environment.SetEnvironmentVariable("IDENTITY_HEADER", null);
        }
    }

    [Theory]
    [InlineData("-ClientId x -CertificateThumbprint 1234", "ConfigurationFieldInvalid")]
    [InlineData("-ClientId x -CertificateThumbprint 0123456789012345678901234567890123456789 -ClientSecretName v/n", "SignInAmbiguous")]
    [InlineData("-ClientId x -AuthenticationMethod ClientCertificate", "ConfigurationFieldInvalid")]
    [InlineData("-AuthenticationMethod WorkloadIdentity", "ConfigurationFieldInvalid")]
    [InlineData("-ClientId x -CertificateFile none.pfx", "CertificateUnusable")]
    public void A_wrong_sign_in_is_refused_and_nothing_is_written(string parameters, string id)
    {
        var (_, errors) = TryNew("Wrong", parameters);
        Assert.StartsWith(id, Assert.Single(errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.False(File.Exists(module.Folder["home", "configurations", "Wrong.json"]));
    }

    [Fact]
    public async Task A_certificate_with_a_wrong_password_or_without_its_key_is_refused()
    {
        var file = module.Folder["locked.pfx"];
        await File.WriteAllBytesAsync(file, module.Certificate.Export(X509ContentType.Pkcs12, "Kennwort"));
        Assert.StartsWith(
            "CertificateUnusable",
            Assert.Single(TryNew("Locked", "-ClientId x -CertificateFile $args[4]", file).Errors).FullyQualifiedErrorId,
            StringComparison.Ordinal
        );
        await File.WriteAllTextAsync(file, module.Certificate.ExportCertificatePem());
        Assert.StartsWith(
            "CertificateUnusable",
            Assert.Single(TryNew("Locked", "-ClientId x -CertificateFile $args[4]", file).Errors).FullyQualifiedErrorId,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_thumbprint_that_no_store_knows_is_named_before_anything_is_contacted()
    {
        New("Thumb", "-ClientId x -CertificateThumbprint 0123456789ABCDEF0123456789ABCDEF01234567");
        var (_, errors) = module.TryInvoke("Start-KKBackup Thumb");
        var error = Assert.Single(errors);
        Assert.StartsWith("CertificateNotFound", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("0123456789ABCDEF0123456789ABCDEF01234567", error.Exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Debug_shows_a_line_a_request_and_no_secret()
    {
        module.Configure("Log");
        var lines = module.Invoke("Start-KKBackup Log -Source Calendar -Debug 5>&1").Select(line => $"{line}").ToArray();
        Assert.Contains(lines, line => line.StartsWith("GET /v1.0/users -> 200 in ", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("POST /v1.0/$batch -> 200 in ", StringComparison.Ordinal));
        Assert.DoesNotContain(
            lines,
            line =>
                line.Contains(module.Tenant.Options.ClientSecret, StringComparison.Ordinal)
                || line.Contains("Bearer", StringComparison.Ordinal)
        );
        Assert.DoesNotContain(
            module.Invoke("Start-KKBackup Log -Source Calendar -Verbose 4>&1 5>&1"),
            line => $"{line}".Contains("-> 200", StringComparison.Ordinal)
        );
    }

    private void New(string name, string parameters, params object[] more) =>
        Assert.Single(
            module.Invoke($"New-KKBackupConfiguration {name} {parameters} -Path $args[{4 + more.Length}] {Rest}", Arguments(name, more))
        );

    private (
        IReadOnlyList<System.Management.Automation.PSObject> Output,
        IReadOnlyList<System.Management.Automation.ErrorRecord> Errors
    ) TryNew(string name, string parameters, params object[] more) =>
        module.TryInvoke($"New-KKBackupConfiguration {name} {parameters} -Path $args[{4 + more.Length}] {Rest}", Arguments(name, more));

    private object[] Arguments(string name, object[] more) =>
        [
            ModuleHost.Secure("password"),
            module.Tenant.BaseUrl,
            module.Folder["ca.pem"],
            module.Tenant.Options.TenantId,
            .. more,
            module.Folder["repository-" + name],
        ];
}
