namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>A folder's cursor.</summary>
internal sealed class FolderState
{
    /// <summary>The folder's name, for messages.</summary>
    public string Name { get; set; } = "";

    /// <summary>Next or delta link; null before the first round.</summary>
    public string? Link { get; set; }

    /// <summary>The form in which <see cref="Link"/> was requested: one of another form does not return what is needed now.</summary>
    public string Form { get; set; } = "";

    /// <summary>Number of items stored.</summary>
    public int Count { get; set; }
}
