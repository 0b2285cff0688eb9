namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>What became of an item that was to be stored.</summary>
internal enum PutResult
{
    /// <summary>It is stored as given.</summary>
    Stored,

    /// <summary>What is stored of it is newer, and stays.</summary>
    OlderThanStored,

    /// <summary>Its folder is unknown, or is the item itself or below it: the other half of a move has not arrived yet.</summary>
    ParentUnknown,

    /// <summary>It was to keep its files, and has none: it counts as never stored.</summary>
    ContentMissing,
}

/// <summary>Tells results apart.</summary>
internal static class PutResults
{
    /// <summary>Whether nothing is left to do: otherwise the item has to be stored once more, later or with its content.</summary>
    public static bool IsSettled(this PutResult result) => result is PutResult.Stored or PutResult.OlderThanStored;
}
