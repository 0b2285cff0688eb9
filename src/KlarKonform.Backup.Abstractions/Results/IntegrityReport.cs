namespace KlarKonform.Backup;

/// <summary>What an integrity check found.</summary>
public sealed record IntegrityReport
{
    /// <summary>The configuration's name.</summary>
    public required string Configuration { get; init; }

    /// <summary>Whether everything is in order.</summary>
    public required bool Passed { get; init; }

    /// <summary>Number of snapshots checked.</summary>
    public required int Snapshots { get; init; }

    /// <summary>Packs in the index.</summary>
    public required int Packs { get; init; }

    /// <summary>Packs read completely.</summary>
    public required int PacksRead { get; init; }

    /// <summary>Bytes read and decrypted.</summary>
    public required long BytesRead { get; init; }

    /// <summary>Everything that is wrong.</summary>
    public required IReadOnlyList<string> Problems { get; init; }
}
