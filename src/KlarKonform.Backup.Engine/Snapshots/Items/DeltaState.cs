namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>What the next round of a drive's or a list's delta needs.</summary>
internal sealed class DeltaState
{
    /// <summary>The next or delta link; null reads from the beginning.</summary>
    public string? Link { get; set; }

    /// <summary>Drive: the id of its root folder.</summary>
    public string? RootId { get; set; }
}
