using KlarKonform.Backup.WhatsApp;

namespace KlarKonform.Backup.Engine.Sources.WhatsApp.Locations;

/// <summary>
/// A place where exports or webhooks wait. Every failure is a <see cref="WhatsAppException"/>: the place is not the repository.
/// </summary>
internal interface IDropLocation : IAsyncDisposable
{
    /// <summary>Where it is, as an admin would write it.</summary>
    string Name { get; }

    /// <summary>All files, in the order of their keys.</summary>
    Task<IReadOnlyList<DropFile>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Opens a file at an offset.</summary>
    Task<Stream> OpenAsync(DropFile file, long offset, CancellationToken cancellationToken);

    /// <summary>Deletes a file, if the place allows it.</summary>
    Task DeleteAsync(DropFile file, CancellationToken cancellationToken);
}
