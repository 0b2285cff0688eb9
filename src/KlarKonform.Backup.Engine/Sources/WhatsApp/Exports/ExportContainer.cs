using KlarKonform.Backup.WhatsApp.Exports;

namespace KlarKonform.Backup.Engine.Sources.WhatsApp.Exports;

/// <summary>The files of one folder of an export: of a ZIP, or of a place. Not thread-safe.</summary>
/// <param name="name">The ZIP's or the folder's own name, which may be the chat's; empty for a place itself.</param>
/// <param name="files">Its files.</param>
/// <param name="open">Opens one of them.</param>
internal sealed class ExportContainer(
    string name,
    IReadOnlyList<ContainerFile> files,
    Func<ContainerFile, CancellationToken, Task<Stream>> open
)
{
    private readonly Dictionary<string, ContainerFile> _byKey = files.ToDictionary(file => file.Key, StringComparer.Ordinal);
    private readonly ExportFiles _names = new(files.Select(file => file.Key));

    public string Name => name;

    public IReadOnlyList<ContainerFile> Files => files;

    public ExportFiles Names => _names;

    public Task<Stream> OpenAsync(ContainerFile file, CancellationToken cancellationToken) => open(file, cancellationToken);

    /// <summary>The file that a message names, or null.</summary>
    public ContainerFile? Find(string attachment) => _names.Find(attachment) is { } key ? _byKey[key] : null;
}
