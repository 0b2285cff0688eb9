namespace KlarKonform.Backup.DemoTenant.Model;

/// <summary>An organisational contact of the address book.</summary>
public sealed class DemoOrgContact
{
    public required string Id { get; init; }

    public required string DisplayName { get; set; }

    public required string Mail { get; init; }

    public string Company { get; set; } = "";
}
