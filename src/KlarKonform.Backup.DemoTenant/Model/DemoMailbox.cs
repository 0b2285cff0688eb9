namespace KlarKonform.Backup.DemoTenant.Model;

public sealed class DemoMailbox(DemoTenantModel tenant)
{
    public Dictionary<string, DemoMailFolder> Folders { get; } = [];

    public Dictionary<string, DemoMessage> Messages { get; } = [];

    public ChangeLog FolderChanges { get; } = new();

    public DemoMailFolder Folder(string idOrWellKnownName) =>
        Folders.TryGetValue(idOrWellKnownName, out var folder) ? folder : Folders.Values.Single(each => each.WellKnownName == idOrWellKnownName);

    public DemoMailFolder AddFolder(string id, string? parentId, string name, bool hidden = false, string? wellKnownName = null)
    {
        var folder = new DemoMailFolder { Id = id, ParentId = parentId, Name = name, Hidden = hidden, WellKnownName = wellKnownName };
        Folders.Add(id, folder);
        FolderChanges.Add(tenant.NextSequence(), id);
        return folder;
    }

    public void RenameFolder(DemoMailFolder folder, string name)
    {
        folder.Name = name;
        FolderChanges.Add(tenant.NextSequence(), folder.Id);
    }

    public void MoveFolder(DemoMailFolder folder, DemoMailFolder parent)
    {
        folder.ParentId = parent.Id;
        FolderChanges.Add(tenant.NextSequence(), folder.Id);
    }

    public void DeleteFolder(DemoMailFolder folder)
    {
        foreach (var child in Folders.Values.Where(each => each.ParentId == folder.Id).ToArray())
            DeleteFolder(child);
        foreach (var message in Messages.Values.Where(each => each.FolderId == folder.Id).ToArray())
            Delete(message);
        Folders.Remove(folder.Id);
        FolderChanges.Add(tenant.NextSequence(), folder.Id);
    }

    public void Add(DemoMessage message)
    {
        Messages.Add(message.Id, message);
        Touch(message);
    }

    /// <summary>Records a change of the message's properties: a new change key.</summary>
    public void Touch(DemoMessage message)
    {
        message.Version++;
        Folders[message.FolderId].Changes.Add(tenant.NextSequence(), message.Id);
    }

    public void Move(DemoMessage message, DemoMailFolder target)
    {
        Folders[message.FolderId].Changes.Add(tenant.NextSequence(), message.Id);
        message.FolderId = target.Id;
        Touch(message);
    }

    public void Delete(DemoMessage message)
    {
        Messages.Remove(message.Id);
        Folders[message.FolderId].Changes.Add(tenant.NextSequence(), message.Id);
    }
}
