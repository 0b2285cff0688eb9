using KlarKonform.Backup.WhatsApp.Exports;

namespace KlarKonform.Backup.Engine.Sources.WhatsApp.Exports;

/// <summary>A chat's text among the files of an export.</summary>
/// <param name="File">The file.</param>
/// <param name="Format">How it writes times.</param>
/// <param name="Names">Keys of the files that its messages name.</param>
internal sealed record ChatText(ContainerFile File, ExportFormat Format, IReadOnlySet<string> Names);
