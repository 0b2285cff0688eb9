using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;
using KlarKonform.Backup.Demo;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Cmdlets.Tests;

/// <summary>New-KKBackupConfiguration with a person at the keyboard, and without.</summary>
public sealed class QuestionTests(ModuleFixture module) : IClassFixture<ModuleFixture>
{
    [Fact]
    public void A_person_is_asked_for_what_is_missing_and_a_mistyped_password_again()
    {
        using var folder = new TemporaryFolder();
        var person = new Person(
            "contoso.example",
            "",
            "11111111-2222-3333-4444-555555555555",
            "secret",
            folder["backup"],
            "password",
            "passwort",
            "password",
            "password",
            "DemoVault"
        );
        using var shell = new ModuleHost(person);
        shell.Invoke("New-KKBackupConfiguration Asked");
        Assert.Equal(
            [
                "Tenant",
                "Client ID",
                "Client ID",
                "Client secret",
                "Folder",
                "Repository password",
                "The same password again",
                "Repository password",
                "The same password again",
                "Vault",
            ],
            person.Asked
        );
        Assert.Equal(
            $"contoso.example 11111111-2222-3333-4444-555555555555 {folder["backup"]}",
            $"{shell.Invoke("$c = Get-KKBackupConfiguration Asked; \"$($c.Tenant.Id) $($c.Tenant.ClientId) $($c.Target.Path)\"")[0]}"
        );
    }

    [Fact]
    public void What_was_given_is_not_asked_for()
    {
        var person = new Person();
        using var shell = new ModuleHost(person);
        shell.Invoke(
            "New-KKBackupConfiguration Given -TenantId t -ClientId c -ClientSecretName v/s -RepositoryPasswordName v/p -Path "
                + "/x; New-KKBackupConfiguration Identity -TenantId t -AuthenticationMethod ManagedIdentity "
                + "-RepositoryPasswordName v/p -Bucket b -CredentialName v/c"
        );
        Assert.Empty(person.Asked);
    }

    [Fact]
    public void Whoever_ends_the_input_gets_no_configuration()
    {
        var person = new Person("contoso.example");
        using var shell = new ModuleHost(person);
        try
        {
            shell.TryInvoke("New-KKBackupConfiguration Ended");
        }
        catch (PipelineStoppedException)
        {
            // As with Ctrl+C.
        }

        Assert.Empty(shell.TryInvoke("Get-KKBackupConfiguration Ended").Output);
    }

    [Fact]
    public void WhatIf_names_the_place_that_a_restore_goes_to()
    {
        module.Configure("Dry");
        var person = new Person();
        using var shell = new ModuleHost(person);
        string WhatIf(string arguments)
        {
            person.Written.Clear();
            shell.Invoke($"Restore-KKBackupItem Dry /Exchange {arguments} -WhatIf");
            return Assert.Single(person.Written);
        }

        Assert.Contains("the original location", WhatIf("-ToMicrosoft365 -InPlace"), StringComparison.Ordinal);
        Assert.Matches(@"folder 'Restored \d{4}-", WhatIf("-ToMicrosoft365"));
        Assert.DoesNotContain("the original location", WhatIf("-ToMicrosoft365"), StringComparison.Ordinal);
        Assert.Contains(
            "ben@demo.example, folder 'Von Anna'",
            WhatIf("-ToMicrosoft365 -TargetUser ben@demo.example -TargetFolder 'Von Anna'"),
            StringComparison.Ordinal
        );
        Assert.Contains("ben@demo.example)", WhatIf("-ToMicrosoft365 -TargetUser ben@demo.example -InPlace"), StringComparison.Ordinal);
        Assert.Contains(module.Folder["out"], WhatIf($"'{module.Folder["out"]}'"), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_person_nothing_waits_for_one() =>
        Assert.StartsWith(
            "ConfigurationFieldInvalid",
            Assert
                .Single(
                    module
                        .TryInvoke(
                            "New-KKBackupConfiguration Nobody -TenantId t -ClientId c -ClientSecretName v/s -RepositoryPasswordName v/p"
                        )
                        .Errors
                )
                .FullyQualifiedErrorId,
            StringComparison.Ordinal
        );

    [Fact]
    public void An_error_recommends_an_action() =>
        Assert.Contains(
            "Get-KKBackupConfiguration",
            module.TryInvoke("Start-KKBackup Nowhere").Errors[0].ErrorDetails.RecommendedAction,
            StringComparison.Ordinal
        );

    // Types the answers in order; after the last one the input ends.
    private sealed class Person(params string[] answers) : PSHost
    {
        private readonly Keyboard _keyboard = new(answers);

        public IReadOnlyList<string> Asked => _keyboard.Asked;

        public List<string> Written => _keyboard.Written;

        public override CultureInfo CurrentCulture => CultureInfo.InvariantCulture;

        public override CultureInfo CurrentUICulture => CultureInfo.GetCultureInfo("en");

        public override Guid InstanceId { get; } = Guid.NewGuid();

        public override string Name => "Person";

        public override PSHostUserInterface UI => _keyboard;

        public override Version Version { get; } = new(1, 0);

        public override void EnterNestedPrompt() => throw new NotSupportedException();

        public override void ExitNestedPrompt() => throw new NotSupportedException();

        public override void NotifyBeginApplication() { }

        public override void NotifyEndApplication() { }

        public override void SetShouldExit(int exitCode) { }
    }

    private sealed class Keyboard(string[] answers) : PSHostUserInterface
    {
        private int _next;

        public List<string> Asked { get; } = [];

        public List<string> Written { get; } = [];

        public override PSHostRawUserInterface? RawUI => null;

        public override Dictionary<string, PSObject>? Prompt(string caption, string message, Collection<FieldDescription> descriptions)
        {
            Assert.True(message.Length > 5);
            if (_next == answers.Length)
                return null;
            var field = Assert.Single(descriptions);
            Asked.Add(field.Name);
            var answer = answers[_next++];
            return new Dictionary<string, PSObject>
            {
                [field.Name] = new(field.ParameterTypeFullName == typeof(SecureString).FullName ? ModuleHost.Secure(answer) : answer),
            };
        }

        public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice) =>
            defaultChoice;

        public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) =>
            throw new NotSupportedException();

        public override PSCredential PromptForCredential(
            string caption,
            string message,
            string userName,
            string targetName,
            PSCredentialTypes allowedCredentialTypes,
            PSCredentialUIOptions options
        ) => throw new NotSupportedException();

        public override string ReadLine() => throw new NotSupportedException();

        public override SecureString ReadLineAsSecureString() => throw new NotSupportedException();

        public override void Write(string value) { }

        public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) { }

        public override void WriteDebugLine(string message) { }

        public override void WriteErrorLine(string value) { }

        public override void WriteLine(string value) => Written.Add(value);

        public override void WriteProgress(long sourceId, ProgressRecord record) { }

        public override void WriteVerboseLine(string message) { }

        public override void WriteWarningLine(string message) { }
    }
}
