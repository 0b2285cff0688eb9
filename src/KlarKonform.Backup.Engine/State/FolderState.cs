namespace KlarKonform.Backup.Engine.State;

/// <summary>A mail folder's cursor.</summary>
internal sealed class FolderState
{
    /// <summary>The folder's name, for messages.</summary>
    public string Name { get; set; } = "";

    /// <summary>Next or delta link; null before the first round.</summary>
    public string? Link { get; set; }

    /// <summary>Messages stored.</summary>
    public int Count { get; set; }
}
