using KlarKonform.Backup.Engine.Configuration;

namespace KlarKonform.Backup.Engine.Checks;

/// <summary>Whether other users of this computer can read the program's own files.</summary>
internal sealed class FilesCheck(BackupHome home) : IConnectionCheck
{
    public string Title => Texts.Get("Check_Files");

    public Task<CheckOutcome?> RunAsync(CheckContext context, CancellationToken cancellationToken) =>
        Task.FromResult<CheckOutcome?>(
            home.ReadableByOthers() is [var first, ..] open
                ? CheckOutcome.Warning(Texts.Get("FilesReadableByOthers", open.Count, first, home.ClosingCommand))
                : CheckOutcome.Works()
        );
}
