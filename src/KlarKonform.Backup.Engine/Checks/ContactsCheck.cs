using KlarKonform.Backup.Graph.Contacts;
using KlarKonform.Backup.Graph.Directory;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Engine.Checks;

/// <summary>Whether users' contacts can be read.</summary>
internal sealed class ContactsCheck : UserCheck
{
    public override string Title => Texts.Get("Check_Contacts");

    protected override Task ProbeAsync(GraphClient client, GraphUser user, CancellationToken cancellationToken) =>
        new ContactApi(client, user.Id).ProbeAsync(cancellationToken);
}
