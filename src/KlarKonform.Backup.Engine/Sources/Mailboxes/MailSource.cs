using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Graph.Directory;
using KlarKonform.Backup.Graph.Http;
using KlarKonform.Backup.Graph.Mail;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>A mailbox's mail.</summary>
internal sealed class MailSource(GraphClient client, GraphUser user, MailSelection selection) : MailboxSource(user, ResourceKinds.Mail)
{
    private readonly MailApi _mail = new(client, user.Id);

    public override Task RunAsync(ResourceBackup run, CancellationToken cancellationToken) =>
        new FolderReader(new MailItems(_mail, selection, run), run).RunAsync(cancellationToken);

    public override Task ProbeAsync(CancellationToken cancellationToken) =>
        MailboxProbe.AskAsync(_mail.ProbeAsync, client, User, cancellationToken);
}
