namespace KlarKonform.Backup.Repository.Format;

/// <summary>Kinds of files in a repository (restic's doc/design.rst, "Repository Layout").</summary>
public enum RepositoryFile
{
    /// <summary>Packs.</summary>
    Data,

    /// <summary>Indexes.</summary>
    Index,

    /// <summary>Keys.</summary>
    Key,

    /// <summary>Locks.</summary>
    Lock,

    /// <summary>Snapshots.</summary>
    Snapshot,
}
