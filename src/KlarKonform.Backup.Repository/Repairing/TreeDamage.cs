namespace KlarKonform.Backup.Repository.Repairing;

/// <summary>What of a folder cannot be read.</summary>
internal sealed record TreeDamage
{
    /// <summary>Whether its list of entries cannot be read at all.</summary>
    public bool IsUnreadable { get; init; }

    /// <summary>Files of which pieces are missing.</summary>
    public IReadOnlyCollection<string> Files { get; init; } = [];

    /// <summary>Folders below with damage of their own.</summary>
    public IReadOnlyDictionary<string, TreeDamage> Folders { get; init; } = new Dictionary<string, TreeDamage>();

    /// <summary>Paths of what is damaged, below the folder.</summary>
    public IEnumerable<string> Paths(string above) => (IsUnreadable ? [above + "/"] : Files.Select(file => $"{above}/{file}"))
        .Concat(Folders.SelectMany(folder => folder.Value.Paths($"{above}/{folder.Key}")));
}
