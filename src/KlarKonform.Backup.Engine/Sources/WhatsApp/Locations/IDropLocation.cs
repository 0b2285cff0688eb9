using KlarKonform.Backup.WhatsApp;

namespace KlarKonform.Backup.Engine.Sources.WhatsApp.Locations;

/// <summary>A place where exports or webhooks wait. Every failure is a <see cref="WhatsAppException"/>: the place is not the repository.</summary>
internal interface IDropLocation : IAsyncDisposable
{
    /// <summary>Where it is, as an admin would write it.</summary>
    string Name { get; }

    /// <summary>All files, in their keys' order.</summary>
    Task<IReadOnlyList<DropFile>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Opens a file from an offset on.</summary>
    Task<Stream> OpenAsync(DropFile file, long offset, CancellationToken cancellationToken);

    /// <summary>Deletes a file, where the place lets us.</summary>
    Task DeleteAsync(DropFile file, CancellationToken cancellationToken);
}
