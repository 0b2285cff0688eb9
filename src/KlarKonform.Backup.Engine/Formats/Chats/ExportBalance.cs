namespace KlarKonform.Backup.Engine.Formats.Chats;

/// <summary>What an export contained, and what became of it: <c>chat.json</c> keeps the last one for each export.</summary>
internal sealed record ExportBalance
{
    /// <summary>When it was taken in; UTC.</summary>
    public DateTimeOffset Taken { get; init; }

    /// <summary>The path of the text as exported, below the chat's folder; null if deleted messages are redacted.</summary>
    public string? Text { get; init; }

    /// <summary>Size of the text in bytes.</summary>
    public long Bytes { get; init; }

    /// <summary>Messages in it.</summary>
    public int Messages { get; init; }

    /// <summary>Of these, the ones that the archive did not have.</summary>
    public int Added { get; init; }

    /// <summary>Lines before the first one with a time, which are not messages: kept as they are.</summary>
    public int NotMessages { get; init; }

    /// <summary>By how many minutes its clock differs from the archive's.</summary>
    public int ClockMinutes { get; init; }

    /// <summary>Files in it besides the text.</summary>
    public int Files { get; init; }

    /// <summary>Of these, the ones that messages name.</summary>
    public int Named { get; init; }

    /// <summary>Messages whose file the export left out.</summary>
    public int Omitted { get; init; }

    /// <summary>Names in messages for which the export has no file.</summary>
    public IReadOnlyList<string> Missing { get; init; } = [];

    /// <summary>
    /// Files that no message names, or that differ from the file that their message already has: kept below <c>_unassigned</c>.
    /// </summary>
    public IReadOnlyList<string> Unassigned { get; init; } = [];
}
