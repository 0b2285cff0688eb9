namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>How an item leaves the content.</summary>
internal enum Removal
{
    /// <summary>A folder only if it is empty.</summary>
    IfEmpty,

    /// <summary>A folder with everything in it.</summary>
    WithContent,

    /// <summary>Not kept below <see cref="DeletedItems.Folder"/> either; a folder only if it is empty.</summary>
    Erase,
}
