using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Commands.Snapshots;

/// <summary>Checks a configuration's repository.</summary>
[Cmdlet(VerbsDiagnostic.Test, "KKBackup")]
[OutputType(typeof(IntegrityReport))]
public sealed class TestKKBackupCommand : ConfigurationNameCommand
{
    /// <summary>Reads and decrypts data, not only the structure.</summary>
    [Parameter]
    public SwitchParameter ReadData { get; set; }

    /// <summary>How much of the data to read: 1/20, 5% or 500MB. Implies ReadData.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Share { get; set; }

    private protected override string Activity => Texts.Get("Activity_Check");

    private protected override void ProcessConfiguration(string name) =>
        Run(async token =>
        {
            var options = new IntegrityOptions { ReadData = ReadData || Share is not null, Share = Share };
            var report = await Engine.TestIntegrityAsync(name, options, Secrets, Observer, token).ConfigureAwait(false);
            Post(() => WriteObject(report));
        });
}
