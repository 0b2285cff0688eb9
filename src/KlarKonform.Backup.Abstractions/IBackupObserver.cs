namespace KlarKonform.Backup;

/// <summary>Hears how an operation goes. Called from any thread; must return at once.</summary>
public interface IBackupObserver
{
    /// <summary>Progress of the whole or of one resource.</summary>
    void Progress(BackupProgress progress);

    /// <summary>A line for -Verbose; never holds a secret.</summary>
    void Verbose(string text);

    /// <summary>Whether <see cref="Debug"/> is read: a line a request is not written for nobody.</summary>
    bool WantsDebug { get; }

    /// <summary>A line for -Debug; never holds a secret.</summary>
    void Debug(string text);

    /// <summary>Something the admin should know though the work goes on.</summary>
    void Warning(string text);
}
