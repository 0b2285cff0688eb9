namespace KlarKonform.Backup.Graph.Delta;

/// <summary>The kind of a round of pages, which determines what its pages must contain.</summary>
public enum PageKind
{
    /// <summary>A listing: the last page has no link.</summary>
    Listing,

    /// <summary>A listing in which single entries can be skipped with <c>$skip</c> if the service cannot write them.</summary>
    SkippableListing,

    /// <summary>A listing of things that need no id: columns, permissions, versions.</summary>
    Details,

    /// <summary>A delta: the last page says where the next round starts.</summary>
    Delta,
}
