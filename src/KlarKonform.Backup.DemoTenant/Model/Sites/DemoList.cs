using System.Globalization;

namespace KlarKonform.Backup.DemoTenant.Model;

/// <summary>A list of a site that is not a library.</summary>
public sealed class DemoList(DemoTenantModel tenant, string id, string title)
{
    private int _last;

    public string Id => id;

    public string Title { get; set; } = title;

    public IReadOnlyList<string> Columns { get; init; } = ["Title"];

    /// <summary>By the row's number, as text.</summary>
    public Dictionary<string, DemoListItem> Items { get; } = [];

    public ChangeLog Changes { get; } = new();

    public DemoListItem Add(DateTimeOffset now)
    {
        var item = new DemoListItem { Id = ++_last, Modified = now };
        Items.Add(Key(item), item);
        Changes.Add(tenant.NextSequence(), Key(item));
        return item;
    }

    public void Touch(DemoListItem item)
    {
        item.Version++;
        Changes.Add(tenant.NextSequence(), Key(item));
    }

    public void Delete(DemoListItem item)
    {
        Items.Remove(Key(item));
        Changes.Add(tenant.NextSequence(), Key(item));
    }

    private static string Key(DemoListItem item) => item.Id.ToString(CultureInfo.InvariantCulture);
}
