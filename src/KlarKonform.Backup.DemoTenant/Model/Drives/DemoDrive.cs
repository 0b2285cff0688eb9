namespace KlarKonform.Backup.DemoTenant.Model;

public sealed class DemoDrive
{
    private readonly DemoTenantModel _tenant;
    private readonly Dictionary<string, int> _children = [];
    private int _listItems;

    public DemoDrive(DemoTenantModel tenant, string id, string name = "OneDrive", string type = "business")
    {
        _tenant = tenant;
        Id = id;
        Name = name;
        Type = type;
        Root = new DemoDriveItem
        {
            Id = "01ROOT" + id,
            Name = "root",
            IsFolder = true,
            ParentId = null,
            Modified = DateTimeOffset.UnixEpoch,
        };
        Items.Add(Root.Id, Root);
        Changes.Add(tenant.NextSequence(), Root.Id);
    }

    public string Id { get; }

    public string Name { get; set; }

    /// <summary><c>business</c> or <c>documentLibrary</c>.</summary>
    public string Type { get; }

    /// <summary>For a system library: whether listings show it to clients that request such libraries.</summary>
    public bool IsListed { get; set; } = true;

    public DemoDriveItem Root { get; }

    public Dictionary<string, DemoDriveItem> Items { get; } = [];

    /// <summary>Deleted items that can be restored, the last deleted last.</summary>
    public List<DemoDriveItem> RecycleBin { get; } = [];

    public ChangeLog Changes { get; } = new();

    public int ChildCount(DemoDriveItem folder) => _children.GetValueOrDefault(folder.Id);

    public DemoDriveItem Add(DemoDriveItem item)
    {
        item.ListItemId = ++_listItems;
        Insert(item);
        Changes.Add(_tenant.NextSequence(), item.Id);
        return item;
    }

    public void Write(DemoDriveItem item, long seed, long size, DateTimeOffset modified)
    {
        item.OlderVersions.Add(new DemoFileVersion($"{item.OlderVersions.Count + 1}.0", item.Seed, item.Size, item.Modified));
        item.Seed = seed;
        item.Size = size;
        item.Modified = modified;
        item.ModifiedBy = "Björn Muster";
        Touch(item);
    }

    public void Rename(DemoDriveItem item, string name)
    {
        item.Name = name;
        Touch(item);
    }

    public void Move(DemoDriveItem item, DemoDriveItem parent)
    {
        _children[item.ParentId!]--;
        item.ParentId = parent.Id;
        _children[parent.Id] = _children.GetValueOrDefault(parent.Id) + 1;
        Touch(item);
    }

    /// <summary>Grants or removes access: neither the eTag nor the time of the item changes.</summary>
    public void Share(DemoDriveItem item, DemoPermission? permission)
    {
        if (permission is null)
            item.Permissions.Clear();
        else
            item.Permissions.Add(permission);
        Changes.Add(_tenant.NextSequence(), item.Id);
    }

    /// <summary>Deletes an item and everything below it into the recycle bin.</summary>
    /// <param name="item">The item.</param>
    /// <param name="alone">Whether delta names only the item, and nothing inside it.</param>
    public void Delete(DemoDriveItem item, bool alone = false)
    {
        Items.Remove(item.Id);
        _children[item.ParentId!]--;
        RecycleBin.Add(item);
        Changes.Add(_tenant.NextSequence(), item.Id);
        foreach (var child in Items.Values.Where(each => each.ParentId == item.Id).ToArray())
        {
            Delete(child, alone);
            if (alone)
                Changes.Forget(child.Id);
        }
    }

    /// <summary>Takes an item out of the recycle bin, with everything that was deleted with it; its folder must exist.</summary>
    public void Restore(DemoDriveItem item)
    {
        RecycleBin.Remove(item);
        Insert(item);
        Changes.Add(_tenant.NextSequence(), item.Id);
        foreach (var child in RecycleBin.Where(each => each.ParentId == item.Id).ToArray())
            Restore(child);
    }

    public string PathOf(DemoDriveItem item) =>
        item.ParentId is null ? ""
        : item.ParentId == Root.Id ? item.Name
        : PathOf(Items[item.ParentId]) + "/" + item.Name;

    public bool IsBelow(DemoDriveItem item, DemoDriveItem ancestor)
    {
        for (var current = item; ; current = Items[current.ParentId])
        {
            if (current == ancestor)
                return true;
            if (current.ParentId is null)
                return false;
        }
    }

    private void Insert(DemoDriveItem item)
    {
        Items.Add(item.Id, item);
        _children[item.ParentId!] = _children.GetValueOrDefault(item.ParentId!) + 1;
    }

    private void Touch(DemoDriveItem item)
    {
        item.Version++;
        Changes.Add(_tenant.NextSequence(), item.Id);
    }
}
