namespace KlarKonform.Backup.Repository.Format;

/// <summary>Storage keys of the repository's files: restic's default layout.</summary>
public static class RepositoryLayout
{
    /// <summary>The key of the config file.</summary>
    public const string Config = "config";

    /// <summary>The folder of a kind of file.</summary>
    public static string Folder(RepositoryFile kind) =>
        kind switch
        {
            RepositoryFile.Data => "data",
            RepositoryFile.Index => "index",
            RepositoryFile.Key => "keys",
            RepositoryFile.Lock => "locks",
            RepositoryFile.Snapshot => "snapshots",
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };

    /// <summary>A file's key. Packs are in a sub-folder named after the first byte of their id.</summary>
    public static string Key(RepositoryFile kind, BlobId id)
    {
        var name = id.ToString();
        return kind == RepositoryFile.Data ? $"data/{name[..2]}/{name}" : $"{Folder(kind)}/{name}";
    }
}
