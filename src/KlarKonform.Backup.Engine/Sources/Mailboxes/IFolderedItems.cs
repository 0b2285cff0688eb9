using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Delta;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>
/// What is special about items that are in folders: how they are requested and how they are stored. <see cref="FolderReader"/> does the
/// rest. Made for one run of one resource. What has a body here is the answer of most; a class says so only where its own differs.
/// </summary>
internal interface IFolderedItems
{
    /// <summary>Whether folders have a delta; otherwise they are listed and compared in every run.</summary>
    bool HasDelta => true;

    /// <summary>
    /// Whether a round can continue in its middle after an interruption. Not if several entries of a round make up one item.
    /// </summary>
    bool ResumesInsideRound => true;

    /// <summary>
    /// Whether several entries for an id on a page each contain a part of it; otherwise the last one contains everything.
    /// </summary>
    bool EntriesAddUp => false;

    /// <summary>
    /// Whether <see cref="IdPagesAsync"/> returns ids and change keys of a folder's items, for a folder whose pages cannot be read.
    /// </summary>
    bool HasIds => false;

    /// <summary>
    /// Whether an item says which folder it is in; an event does not, and a deleted one can be read as long as it is in the bin.
    /// </summary>
    bool TellsPlace => true;

    /// <summary>The form in which cursors are requested; a cursor of another form is no longer used.</summary>
    string CursorForm => "";

    /// <summary>How the folders changed.</summary>
    Task<FolderChanges> ReadHierarchyAsync(CancellationToken cancellationToken);

    /// <summary>Asks whether a folder exists: its absence from a listing proves nothing.</summary>
    Task<bool> IsFolderThereAsync(string folder, CancellationToken cancellationToken);

    /// <summary>
    /// All items of a folder from a stored cursor, or from the start. Pages without a delta link at the end are a complete listing.
    /// </summary>
    IAsyncEnumerable<DeltaPage> DeltaPagesAsync(string folder, Uri? cursor, CancellationToken cancellationToken);

    /// <summary>All items of a folder, where delta does not work.</summary>
    IAsyncEnumerable<DeltaPage> ListedPagesAsync(string folder, CancellationToken cancellationToken);

    /// <summary>The ids of all items of a folder, where <see cref="CountAsync"/> counts.</summary>
    IAsyncEnumerable<DeltaPage> IdPagesAsync(string folder, CancellationToken cancellationToken) =>
        ListedPagesAsync(folder, cancellationToken);

    /// <summary>The source's own count of the items in a folder, or null if it does not count.</summary>
    Task<int?> CountAsync(string folder, CancellationToken cancellationToken) => Task.FromResult<int?>(null);

    /// <summary>One item as it is now.</summary>
    /// <param name="id">The item's id.</param>
    /// <param name="folder">Where it was.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="GraphException"><see cref="GraphErrorKind.NotFound"/>: it is gone.</exception>
    Task<FetchedItem> FetchAsync(string id, string folder, CancellationToken cancellationToken);

    /// <summary>Whether the place that an item names is one that is not backed up, and not an error in the response.</summary>
    Task<bool> IsOutsideAsync(string id, string place, CancellationToken cancellationToken) => IsFolderThereAsync(place, cancellationToken);

    /// <summary>Stores what a page contains of a folder's items; an item's own failure is recorded in the run.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="items">The page's entries, valid as long as the page.</param>
    /// <param name="onVanished">
    /// Called for an item that is gone when it is to be read: deleted, or moved to a folder that was read before.
    /// </param>
    /// <param name="cancellationToken">Cancels the call.</param>
    Task StoreAsync(string folder, IReadOnlyList<SourceItem> items, Action onVanished, CancellationToken cancellationToken);

    /// <summary>What remains to be done when everything is read.</summary>
    Task FinishAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
