using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Graph.Contacts;
using KlarKonform.Backup.Graph.Directory;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>A mailbox's contacts.</summary>
internal sealed class ContactSource(GraphClient client, GraphUser user) : MailboxSource(user, ResourceKinds.Contacts)
{
    private readonly ContactApi _contacts = new(client, user.Id);

    public override Task RunAsync(ResourceBackup run, CancellationToken cancellationToken) =>
        new FolderReader(new ContactItems(_contacts, run), run).RunAsync(cancellationToken);

    public override Task ProbeAsync(CancellationToken cancellationToken) =>
        MailboxProbe.AskAsync(_contacts.ProbeAsync, client, User, cancellationToken);
}
