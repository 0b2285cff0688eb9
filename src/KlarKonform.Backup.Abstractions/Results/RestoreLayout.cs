namespace KlarKonform.Backup;

/// <summary>How restored files are laid out.</summary>
public enum RestoreLayout
{
    /// <summary>Folders as in the snapshot.</summary>
    Original,

    /// <summary>Every file in one folder.</summary>
    Flat,
}
