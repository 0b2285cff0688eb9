using KlarKonform.Backup.Repository.Writing;

namespace KlarKonform.Backup.Engine.Connections;

/// <summary>How a kind of target is written and read best.</summary>
internal static class TargetTraits
{
    // MiB of a pack. A disk has no price a request, and half of restic's default spares the buffers' memory.
    private const int FolderPackMiB = 8;
    private const int ServerPackMiB = 16;

    // A server's answer takes longer than its bytes' way and their decryption; each read takes a few MiB of memory. restic's number of connections.
    private const int ServerReads = 5;

    /// <summary>Packs that are read at a time.</summary>
    public static int ReadsAtOnce(TargetSettings target) => target.Type == TargetType.Folder ? Environment.ProcessorCount + 1 : ServerReads;

    /// <summary>The writer's options for a target.</summary>
    public static WriterOptions Writing(TargetSettings target) =>
        new() { PackSize = (target.PackSizeMiB ?? (target.Type == TargetType.Folder ? FolderPackMiB : ServerPackMiB)) << 20 };
}
