namespace KlarKonform.Backup.DemoTenant.Model;

public sealed class DemoUser
{
    public required string Id { get; init; }

    public required string UserPrincipalName { get; set; }

    public required string DisplayName { get; set; }

    public string Department { get; set; } = "";

    public string Phone { get; set; } = "";

    /// <summary>Seed of the photo; null for none.</summary>
    public long? PhotoSeed { get; set; }

    /// <summary>Null for a user without a licence.</summary>
    public DemoMailbox? Mailbox { get; set; }

    /// <summary>Null for a user whose OneDrive was never set up.</summary>
    public DemoDrive? Drive { get; set; }
}
