namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>A mail folder's cursor.</summary>
internal sealed class FolderState
{
    /// <summary>The folder's name, for messages.</summary>
    public string Name { get; set; } = "";

    /// <summary>Next or delta link; null before the first round.</summary>
    public string? Link { get; set; }

    /// <summary>How <see cref="Link"/> was asked for: one of another form does not bring what is wanted now.</summary>
    public string Form { get; set; } = "";

    /// <summary>Messages stored.</summary>
    public int Count { get; set; }
}
