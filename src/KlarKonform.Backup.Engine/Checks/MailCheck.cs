using KlarKonform.Backup.Graph.Directory;
using KlarKonform.Backup.Graph.Http;
using KlarKonform.Backup.Graph.Mail;

namespace KlarKonform.Backup.Engine.Checks;

/// <summary>Whether users' mail can be read.</summary>
internal sealed class MailCheck : UserCheck
{
    public override string Title => Texts.Get("Check_Mail");

    protected override Task ProbeAsync(GraphClient client, GraphUser user, CancellationToken cancellationToken) =>
        new MailApi(client, user.Id).ProbeAsync(cancellationToken);
}
