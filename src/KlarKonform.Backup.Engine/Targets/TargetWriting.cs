using KlarKonform.Backup.Repository.Writing;

namespace KlarKonform.Backup.Engine.Targets;

/// <summary>How packs are written to a kind of target.</summary>
internal static class TargetWriting
{
    /// <summary>MiB of a pack in a folder: a disk has no price a request, and half the size spares the buffers' memory.</summary>
    public const int FolderPackMiB = 8;

    /// <summary>MiB of a pack at a server: restic's default.</summary>
    public const int ServerPackMiB = 16;

    // A disk writes one while the next is hashed. A server answers late, but several requests at once.
    private const int FolderUploads = 2;
    private const int ServerUploads = 3;

    /// <summary>The writer's options for a target.</summary>
    public static WriterOptions For(TargetSettings target)
    {
        var isFolder = target.Type == TargetType.Folder;
        return new WriterOptions
        {
            Uploads = isFolder ? FolderUploads : ServerUploads,
            PackSize = (target.PackSizeMiB ?? (isFolder ? FolderPackMiB : ServerPackMiB)) << 20,
        };
    }
}
