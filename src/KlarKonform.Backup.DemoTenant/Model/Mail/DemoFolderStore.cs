namespace KlarKonform.Backup.DemoTenant.Model;

/// <summary>Where a mail folder is.</summary>
public enum DemoFolderStore
{
    /// <summary>In the tree that users see.</summary>
    Visible,

    /// <summary>In the dumpster.</summary>
    RecoverableItems,

    /// <summary>In the in-place archive.</summary>
    Archive,
}
