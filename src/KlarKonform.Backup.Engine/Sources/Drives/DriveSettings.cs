using KlarKonform.Backup.Engine.Connections;

namespace KlarKonform.Backup.Engine.Sources.Drives;

/// <summary>How drives are read, and what all of a run share.</summary>
/// <param name="OlderVersions">Older contents that are kept of a file, the newest ones.</param>
/// <param name="VersionList">Whether the list of a file's versions is kept.</param>
/// <param name="Permissions">Whether permissions and sharing links are kept.</param>
/// <param name="Columns">Whether content type, label and columns are asked for, file by file.</param>
/// <param name="Memory">What streams under way may take.</param>
internal sealed record DriveSettings(int OlderVersions, bool VersionList, bool Permissions, bool Columns, ByteBudget Memory)
{
    public static DriveSettings From(DriveSelection selection, ByteBudget memory) =>
        new(selection.OlderVersions ?? 0, selection.VersionList ?? true, selection.Permissions ?? true, selection.Columns ?? false, memory);
}
