namespace KlarKonform.Backup.Graph.Delta;

/// <summary>What a round of pages is, and so what a page of it must have.</summary>
public enum PageKind
{
    /// <summary>A listing: the last page has no link.</summary>
    Listing,

    /// <summary>A listing of which single entries can be passed over with <c>$skip</c>, when the service cannot write them.</summary>
    SkippableListing,

    /// <summary>A listing of what needs no id: columns, permissions, versions.</summary>
    Details,

    /// <summary>A delta: the last page says where the next round starts.</summary>
    Delta,
}
