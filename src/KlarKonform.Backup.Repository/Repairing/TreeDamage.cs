namespace KlarKonform.Backup.Repository.Repairing;

/// <summary>What cannot be read in a folder.</summary>
internal sealed record TreeDamage
{
    /// <summary>Whether its list of entries cannot be read at all.</summary>
    public bool IsUnreadable { get; init; }

    /// <summary>Files with missing chunks.</summary>
    public IReadOnlyCollection<string> Files { get; init; } = [];

    /// <summary>Folders directly below, with damage of their own.</summary>
    public IReadOnlyDictionary<string, TreeDamage> Folders { get; init; } = new Dictionary<string, TreeDamage>();

    /// <summary>Paths of everything damaged below the folder.</summary>
    public IEnumerable<string> Paths(string above) =>
        (IsUnreadable ? [above + "/"] : Files.Select(file => $"{above}/{file}")).Concat(
            Folders.SelectMany(folder => folder.Value.Paths($"{above}/{folder.Key}"))
        );
}
