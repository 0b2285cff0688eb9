namespace KlarKonform.Backup.Chats;

/// <summary>An export as it is dropped: which files are where, and what must become of it.</summary>
/// <param name="Wave">The run before which it is dropped.</param>
/// <param name="What">What is odd about it.</param>
/// <param name="Source">Its name in notes and failures: its file's path in the place.</param>
/// <param name="Chat">The chat that was exported.</param>
internal sealed record PlacedExport(int Wave, string What, string Source, ModelChat Chat)
{
    /// <summary>Files to write, by their paths in the place.</summary>
    public required IReadOnlyList<(string Path, byte[] Bytes)> Files { get; init; }

    /// <summary>The chat's text as it was exported.</summary>
    public required byte[] Text { get; init; }

    /// <summary>What it shows of each message.</summary>
    public required IReadOnlyList<(ModelMessage Message, string? Text)> Shown { get; init; }

    /// <summary>Bytes of all other files in it that can be read.</summary>
    public required IReadOnlyList<(string Name, byte[] Bytes)> Media { get; init; }

    /// <summary>Files that no message names.</summary>
    public IReadOnlyList<string> Unnamed { get; init; } = [];

    /// <summary>Names that no file has.</summary>
    public IReadOnlyList<string> Missing { get; init; } = [];

    /// <summary>An entry that must be refused.</summary>
    public string? RefusedEntry { get; init; }

    /// <summary>Whether all of it must be refused, because it uses another calendar.</summary>
    public bool MustBeRefused { get; init; }

    /// <summary>Telephone, language and clock.</summary>
    public string Form { get; init; } = "";

    /// <summary>Chats whose texts are in it as files but do not belong to this telephone.</summary>
    public IReadOnlyList<int> Forwarded { get; init; } = [];
}
