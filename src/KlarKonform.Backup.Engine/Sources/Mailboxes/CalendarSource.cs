using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Graph.Calendars;
using KlarKonform.Backup.Graph.Directory;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>A mailbox's calendars.</summary>
internal sealed class CalendarSource(GraphClient client, GraphUser user) : MailboxSource(user, ResourceKinds.Calendar)
{
    private readonly CalendarApi _calendars = new(client, user.Id);

    public override Task RunAsync(ResourceBackup run, CancellationToken cancellationToken) =>
        new FolderReader(new CalendarItems(_calendars, run), run).RunAsync(cancellationToken);

    public override Task ProbeAsync(CancellationToken cancellationToken) =>
        MailboxProbe.AskAsync(_calendars.ProbeAsync, client, User, cancellationToken);
}
