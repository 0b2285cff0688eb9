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

public sealed class DemoMailFolder
{
    public required string Id { get; init; }

    public string? ParentId { get; set; }

    public required string Name { get; set; }

    public bool Hidden { get; init; }

    public string? WellKnownName { get; init; }

    public ChangeLog Changes { get; } = new();
}

public sealed class DemoMessage
{
    public required string Id { get; init; }

    public required string FolderId { get; set; }

    public required string Subject { get; init; }

    public required string From { get; init; }

    public required string To { get; init; }

    public required DateTimeOffset Received { get; init; }

    public required long Seed { get; init; }

    public required int TextLength { get; init; }

    public IReadOnlyList<DemoAttachment> Attachments { get; init; } = [];

    public bool IsRead { get; set; }

    public bool IsFlagged { get; set; }

    public string Importance { get; set; } = "normal";

    public List<string> Categories { get; } = [];

    public int Version { get; set; }

    /// <summary>Reading its MIME fails as Exchange's corrupt items do.</summary>
    public bool IsCorrupt { get; set; }

    public string InternetMessageId => $"<{Id.ToLowerInvariant()}@mail.example>";

    public string ChangeKey => $"CQAAA{Version:D6}{Id[^6..]}";
}

public sealed record DemoAttachment(string Id, string Name, string ContentType, long Seed, int Size);
