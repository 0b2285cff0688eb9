namespace KlarKonform.Backup.DemoTenant.Model;

public sealed class DemoDrive
{
    private readonly DemoTenantModel _tenant;

    public DemoDrive(DemoTenantModel tenant, string id)
    {
        _tenant = tenant;
        Id = id;
        Root = new DemoDriveItem { Id = "01ROOT" + id, Name = "root", IsFolder = true, ParentId = null, Modified = DateTimeOffset.UnixEpoch };
        Items.Add(Root.Id, Root);
        Changes.Add(tenant.NextSequence(), Root.Id);
    }

    public string Id { get; }

    public DemoDriveItem Root { get; }

    public Dictionary<string, DemoDriveItem> Items { get; } = [];

    public ChangeLog Changes { get; } = new();

    public DemoDriveItem Add(DemoDriveItem item)
    {
        Items.Add(item.Id, item);
        Changes.Add(_tenant.NextSequence(), item.Id);
        return item;
    }

    public void Write(DemoDriveItem item, long seed, long size, DateTimeOffset modified)
    {
        item.Seed = seed;
        item.Size = size;
        item.Modified = modified;
        Touch(item);
    }

    public void Rename(DemoDriveItem item, string name)
    {
        item.Name = name;
        Touch(item);
    }

    public void Move(DemoDriveItem item, DemoDriveItem parent)
    {
        item.ParentId = parent.Id;
        Touch(item);
    }

    public void Delete(DemoDriveItem item)
    {
        Items.Remove(item.Id);
        Changes.Add(_tenant.NextSequence(), item.Id);
        foreach (var child in Items.Values.Where(each => each.ParentId == item.Id).ToArray())
            Delete(child);
    }

    public string PathOf(DemoDriveItem item) =>
        item.ParentId is null ? "" : item.ParentId == Root.Id ? item.Name : PathOf(Items[item.ParentId]) + "/" + item.Name;

    private void Touch(DemoDriveItem item)
    {
        item.Version++;
        Changes.Add(_tenant.NextSequence(), item.Id);
    }
}
