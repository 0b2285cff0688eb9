using KlarKonform.Backup.Graph.Calendars;
using KlarKonform.Backup.Graph.Directory;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Engine.Checks;

/// <summary>Whether users' calendars can be read.</summary>
internal sealed class CalendarCheck : UserCheck
{
    public override string Title => Texts.Get("Check_Calendar");

    protected override Task ProbeAsync(GraphClient client, GraphUser user, CancellationToken cancellationToken) =>
        new CalendarApi(client, user.Id).ProbeAsync(cancellationToken);
}
