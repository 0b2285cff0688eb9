using KlarKonform.Backup.Engine.Connections;

namespace KlarKonform.Backup.Engine.Sources.Drives;

/// <summary>How to read drives, and what all drives of a run share.</summary>
/// <param name="OlderVersions">How many older versions of a file's content to keep, newest first.</param>
/// <param name="VersionList">Whether to keep the list of a file's versions.</param>
/// <param name="Permissions">Whether to keep permissions and sharing links.</param>
/// <param name="Columns">Whether to request content type, label and columns, file by file.</param>
/// <param name="Memory">Memory budget of concurrent streams.</param>
internal sealed record DriveSettings(int OlderVersions, bool VersionList, bool Permissions, bool Columns, ByteBudget Memory)
{
    public static DriveSettings From(DriveSelection selection, ByteBudget memory) =>
        new(selection.OlderVersions ?? 0, selection.VersionList ?? true, selection.Permissions ?? true, selection.Columns ?? false, memory);
}
