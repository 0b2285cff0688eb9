using KlarKonform.Backup.Repository.Writing;

namespace KlarKonform.Backup.Engine.Connections;

/// <summary>The best way to write to and read from a kind of target.</summary>
internal static class TargetTraits
{
    // Pack size in MiB. A disk has no price per request, and half of restic's default saves buffer memory.
    private const int FolderPackMiB = 8;
    private const int ServerPackMiB = 16;

    // A server's response takes longer than transferring and decrypting its bytes; each read takes a few MiB of memory. restic's number of
    // connections.
    private const int ServerReads = 5;

    /// <summary>How many packs to read concurrently.</summary>
    public static int ReadsAtOnce(TargetSettings target) => target.Type == TargetType.Folder ? Environment.ProcessorCount + 1 : ServerReads;

    /// <summary>The writer's options for a target.</summary>
    public static WriterOptions Writing(TargetSettings target) =>
        new() { PackSize = (target.PackSizeMiB ?? (target.Type == TargetType.Folder ? FolderPackMiB : ServerPackMiB)) << 20 };
}
