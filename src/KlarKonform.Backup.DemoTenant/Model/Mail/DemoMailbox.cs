namespace KlarKonform.Backup.DemoTenant.Model;

public sealed class DemoMailbox(DemoTenantModel tenant)
{
    public Dictionary<string, DemoMailFolder> Folders { get; } = [];

    public Dictionary<string, DemoMessage> Messages { get; } = [];

    public ChangeLog FolderChanges { get; } = new();

    public Dictionary<string, DemoCalendar> Calendars { get; } = [];

    public Dictionary<string, DemoEvent> Events { get; } = [];

    public Dictionary<string, DemoContactFolder> ContactFolders { get; } = [];

    public ChangeLog ContactFolderChanges { get; } = new();

    public Dictionary<string, DemoContact> Contacts { get; } = [];

    /// <summary>The id of the folder with the well-known name <c>contacts</c>.</summary>
    public string DefaultContactFolder { get; set; } = "";

    /// <summary>Delta is answered with ErrorQuotaExceeded.</summary>
    public bool IsOverQuota { get; set; }

    public DemoMailFolder Folder(string idOrWellKnownName) =>
        Folders.TryGetValue(idOrWellKnownName, out var folder)
            ? folder
            : Folders.Values.Single(each => each.WellKnownName == idOrWellKnownName);

    /// <summary>Number of messages in each visible folder that has messages of its own.</summary>
    public int[] CountByFolder() =>
        [
            .. Folders
                .Values.Where(folder =>
                    folder is { WellKnownName: not "msgfolderroot", IsSearchFolder: false, Store: DemoFolderStore.Visible }
                )
                .Select(folder => Messages.Values.Count(message => message.FolderId == folder.Id)),
        ];

    public DemoMailFolder AddFolder(
        string id,
        string? parentId,
        string name,
        bool hidden = false,
        string? wellKnownName = null,
        DemoFolderStore store = DemoFolderStore.Visible,
        bool isSearchFolder = false
    )
    {
        var folder = new DemoMailFolder
        {
            Id = id,
            ParentId = parentId,
            Name = name,
            Hidden = hidden,
            WellKnownName = wellKnownName,
            Store = store,
            IsSearchFolder = isSearchFolder,
        };
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

    public void Add(DemoContact contact)
    {
        Contacts.Add(contact.Id, contact);
        Touch(contact);
    }

    public void Touch(DemoContact contact)
    {
        contact.Version++;
        ContactFolders[contact.FolderId].Changes.Add(tenant.NextSequence(), contact.Id);
    }

    public void Move(DemoContact contact, DemoContactFolder target)
    {
        ContactFolders[contact.FolderId].Changes.Add(tenant.NextSequence(), contact.Id);
        contact.FolderId = target.Id;
        Touch(contact);
    }

    public void Delete(DemoContact contact)
    {
        Contacts.Remove(contact.Id);
        ContactFolders[contact.FolderId].Changes.Add(tenant.NextSequence(), contact.Id);
    }

    public DemoContactFolder AddContactFolder(string id, string parentId, string name)
    {
        var folder = new DemoContactFolder
        {
            Id = id,
            ParentId = parentId,
            Name = name,
        };
        ContactFolders.Add(id, folder);
        ContactFolderChanges.Add(tenant.NextSequence(), id);
        return folder;
    }

    public void RenameContactFolder(DemoContactFolder folder, string name)
    {
        folder.Name = name;
        ContactFolderChanges.Add(tenant.NextSequence(), folder.Id);
    }
}
