using KlarKonform.Backup.Engine.Snapshots;

namespace KlarKonform.Backup.Engine.Sources.Resources;

/// <summary>
/// The order in which a run starts its resources. The first are those not read to their end for the longest time, so that a run which never
/// finishes, night after night, still reaches every resource. Among those of the same night the slow kinds come first, so that no mailbox
/// starts when all others are finished; and a user's parts are spread, because they share that mailbox's limit.
/// </summary>
internal static class SourceOrder
{
    private static readonly string[] s_longFirst =
    [
        ResourceKinds.Mail,
        ResourceKinds.OneDrive,
        ResourceKinds.SharePoint,
        ResourceKinds.Directory,
        ResourceKinds.WhatsApp,
        ResourceKinds.Calendar,
        ResourceKinds.Contacts,
    ];

    // Runs of one night end minutes or hours apart: that must not affect the order.
    private static readonly TimeSpan s_night = TimeSpan.FromHours(20);

    public static IReadOnlyList<IResourceSource> Of(
        IEnumerable<IResourceSource> sources,
        IEnumerable<ManifestResource> before,
        DateTimeOffset now
    )
    {
        var completed = before.ToDictionary(each => (each.Kind, each.Id), each => each.Completed);
        return
        [
            .. sources
                .Select((source, number) => (Source: source, Number: number))
                .OrderByDescending(each =>
                    completed.GetValueOrDefault((each.Source.Kind, each.Source.ResourceId)) is { } time
                        ? Math.Max(0, (int)((now - time) / s_night))
                        : int.MaxValue
                )
                .ThenBy(each => Array.IndexOf(s_longFirst, each.Source.Kind) is >= 0 and var place ? place : s_longFirst.Length)
                .ThenBy(each => each.Number)
                .Select(each => each.Source),
        ];
    }
}
