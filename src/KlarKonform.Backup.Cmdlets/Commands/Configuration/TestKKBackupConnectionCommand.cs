using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Commands.Configuration;

/// <summary>Checks everything that a run needs.</summary>
[Cmdlet(VerbsDiagnostic.Test, "KKBackupConnection")]
[OutputType(typeof(ConnectionCheck))]
public sealed class TestKKBackupConnectionCommand : ConfigurationNameCommand
{
    private protected override void ProcessConfiguration(string name) =>
        Run(async token =>
        {
            await foreach (var check in Engine.TestConnectionAsync(name, Secrets, Observer, token).ConfigureAwait(false))
                Post(() => WriteObject(check));
        });
}
