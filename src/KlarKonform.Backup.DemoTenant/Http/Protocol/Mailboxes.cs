using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.DemoTenant.Http.Protocol;

/// <summary>Finds users and mailboxes, and refuses as Exchange does.</summary>
internal static class Mailboxes
{
    public static DemoUser User(this DemoTenantModel tenant, string idOrName, string code) =>
        tenant.Users.FirstOrDefault(each =>
            each.Id == idOrName || string.Equals(each.UserPrincipalName, idOrName, StringComparison.OrdinalIgnoreCase)
        ) ?? throw new GraphErrorException(404, code, $"The requested user '{idOrName}' is invalid.");

    public static DemoMailbox Mailbox(this DemoTenantModel tenant, string idOrName) =>
        tenant.User(idOrName, "ErrorInvalidUser").Mailbox
        ?? throw new GraphErrorException(
            404,
            "MailboxNotEnabledForRESTAPI",
            "The mailbox is either inactive, soft-deleted, or is hosted on-premise."
        );

    public static GraphErrorException NotFound() => new(404, "ErrorItemNotFound", "The specified object was not found in the store.");

    /// <summary>Delta keeps its state in the mailbox: a full one cannot answer it.</summary>
    public static void RequireRoom(this DemoMailbox mailbox)
    {
        if (mailbox.IsOverQuota)
            throw new GraphErrorException(403, "ErrorQuotaExceeded", "The mailbox exceeded its quota.");
    }
}
