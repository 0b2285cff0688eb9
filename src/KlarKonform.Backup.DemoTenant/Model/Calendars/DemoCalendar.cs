namespace KlarKonform.Backup.DemoTenant.Model;

public sealed class DemoCalendar
{
    public required string Id { get; init; }

    public required string Name { get; set; }

    public bool IsDefault { get; init; }
}
