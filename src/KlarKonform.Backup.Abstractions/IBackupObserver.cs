namespace KlarKonform.Backup;

/// <summary>Receives reports on an operation. Called from any thread; must return at once.</summary>
public interface IBackupObserver
{
    /// <summary>Progress of the whole operation or of one resource.</summary>
    void Progress(BackupProgress progress);

    /// <summary>A line for -Verbose; never contains a secret.</summary>
    void Verbose(string text);

    /// <summary>Whether <see cref="Debug"/> is read: the line per request is not written if no one reads it.</summary>
    bool WantsDebug { get; }

    /// <summary>A line for -Debug; never contains a secret.</summary>
    void Debug(string text);

    /// <summary>Something the admin should know although the work continues.</summary>
    void Warning(string text);
}
