using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Commands;

/// <summary>Checks a configuration's repository.</summary>
[Cmdlet(VerbsDiagnostic.Test, "KKBackup")]
[OutputType(typeof(IntegrityReport))]
public sealed class TestKKBackupCommand : ConfigurationNameCommand
{
    /// <summary>Read and decrypt data, not the structure alone.</summary>
    [Parameter]
    public SwitchParameter ReadData { get; set; }

    /// <summary>Percent of the data to read, drawn at random.</summary>
    [Parameter]
    [ValidateRange(1, 100)]
    public int Percent { get; set; } = 100;

    private protected override string Activity => Texts.Get("Activity_Check");

    private protected override void ProcessConfiguration(string name) => Run(async token =>
    {
        var options = new IntegrityOptions { DataShare = ReadData ? Percent / 100.0 : 0 };
        var report = await Engine.TestIntegrityAsync(name, options, Secrets, Observer, token).ConfigureAwait(false);
        Post(() => WriteObject(report));
    });
}
