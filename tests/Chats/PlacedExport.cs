namespace KlarKonform.Backup.Chats;

/// <summary>An export as it is dropped: what lies where, and what must come of it.</summary>
/// <param name="Wave">Before which run it is dropped.</param>
/// <param name="What">What is odd about it.</param>
/// <param name="Source">As notes and failures call it: its file's path in the place.</param>
/// <param name="Chat">Whose export it is.</param>
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

    /// <summary>Whether all of it must be refused: its calendar is another one.</summary>
    public bool MustBeRefused { get; init; }

    /// <summary>Telephone, language and clock.</summary>
    public string Form { get; init; } = "";

    /// <summary>Chats whose texts lie in it as files, and are none of this telephone's.</summary>
    public IReadOnlyList<int> Forwarded { get; init; } = [];
}
