using Amazon.S3;
using Amazon.S3.Model;

namespace KlarKonform.Backup.Storage.S3;

/// <summary>Storage classes that cannot be read at once.</summary>
internal static class S3Classes
{
    /// <summary>
    /// Whether objects of a class must be restored before they can be read. GLACIER_IR and all others can be read directly; the archive
    /// tiers of INTELLIGENT_TIERING do not show in the class.
    /// </summary>
    public static bool IsArchive(string? storageClass) =>
        storageClass == S3StorageClass.Glacier.Value || storageClass == S3StorageClass.DeepArchive.Value;

    /// <summary>Whether an object must be restored before it can be read, or is being restored.</summary>
    public static bool IsArchived(GetObjectMetadataResponse answer) =>
        answer.ArchiveStatus is not null
        || (IsArchive(answer.StorageClass?.Value) && (answer.RestoreExpiration is null || answer.RestoreInProgress == true));
}
