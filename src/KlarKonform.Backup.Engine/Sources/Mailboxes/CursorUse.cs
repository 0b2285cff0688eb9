namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>What a round does with the cursors that earlier ones stored.</summary>
internal enum CursorUse
{
    /// <summary>Each folder is read from its cursor.</summary>
    Continued,

    /// <summary>Each folder is read from its beginning.</summary>
    Ignored,
}
