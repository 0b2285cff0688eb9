using KlarKonform.Backup.Engine.Configuration;
using KlarKonform.Backup.Engine.Journal;
using KlarKonform.Backup.Graph.Calendars;
using KlarKonform.Backup.Graph.Contacts;
using KlarKonform.Backup.Graph.Directory;
using KlarKonform.Backup.Graph.Drives;
using KlarKonform.Backup.Graph.Mail;
using KlarKonform.Backup.Graph.Sites;

namespace KlarKonform.Backup.Engine.Checks;

/// <summary>The checks that a configuration asks for, in the order in which their results are shown.</summary>
internal static class ConnectionChecks
{
    /// <summary>Lists them.</summary>
    public static IEnumerable<IConnectionCheck> Of(BackupConfiguration configuration, BackupHome home, RunJournal journal)
    {
        var sources = configuration.Sources;
        yield return new SecretsCheck();
        yield return new FilesCheck(home);
        yield return new StorageCheck();
        yield return new StorageWriteCheck();
        yield return new RepositoryCheck();
        yield return new SignInCheck();
        yield return new TlsCheck();
        yield return new ComputerClockCheck();
        yield return new UsersCheck();
        foreach (var permission in PermissionsOf(sources))
            yield return new PermissionCheck(permission);
        if (sources.Calendar is not null)
            yield return new CalendarCheck();
        if (sources.Contacts is not null)
            yield return new ContactsCheck();
        if (sources.Directory is not null)
            yield return new DirectoryCheck();
        if (sources.Mail is not null)
            yield return new MailCheck();
        if (sources.OneDrive is not null)
            yield return new OneDriveCheck();
        foreach (var check in ChatsOf(sources.WhatsApp))
            yield return check;
        if (sources.SharePoint is not null)
            yield return new SharePointCheck();
        yield return new SelectionCheck(journal);
    }

    private static IEnumerable<IConnectionCheck> ChatsOf(WhatsAppSettings? chats)
    {
        foreach (var export in chats?.Exports ?? [])
            yield return WhatsAppFilesCheck.Of(export);
        if (chats?.Webhooks is not { } webhooks)
            yield break;
        yield return WhatsAppFilesCheck.Of(webhooks);
        if (webhooks.AccessToken is null && webhooks.Media != false)
            yield return new WhatsAppMediaCheck();
    }

    private static IEnumerable<string> PermissionsOf(SourceSettings sources)
    {
        yield return DirectoryApi.UserPermission;
        if (sources.Mail is not null)
            yield return MailApi.Permission;
        if (sources.Calendar is not null)
            yield return CalendarApi.Permission;
        if (sources.Contacts is not null)
            yield return ContactApi.Permission;
        if (sources.Directory is not null)
        {
            yield return DirectoryApi.ContactPermission;
            yield return DirectoryApi.GroupPermission;
        }

        if (sources.OneDrive is not null || sources.SharePoint is not null)
            yield return DriveApi.Permission;
        if (sources.SharePoint is not null)
            yield return SiteApi.Permission;
    }
}
