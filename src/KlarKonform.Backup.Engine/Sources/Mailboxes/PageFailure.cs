using KlarKonform.Backup.Graph;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>Tells failures of pages apart.</summary>
internal static class PageFailure
{
    /// <summary>
    /// Whether another kind of request may avoid the failure. Refusals, a lost connection and a service that asks for patience are not
    /// among them.
    /// </summary>
    public static bool IsOfTheAnswer(GraphException exception) =>
        !exception.IsOfResource
        && (
            exception.Kind
                is GraphErrorKind.ResyncRequired
                    or GraphErrorKind.QuotaExceeded
                    or GraphErrorKind.NotFound
                    or GraphErrorKind.Other
                    or GraphErrorKind.CorruptItem
            || exception.Code == GraphException.BrokenAnswer
            || exception is { Kind: GraphErrorKind.Unreachable, Status: not null }
        );
}
