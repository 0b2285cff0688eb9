using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Hosting;

/// <summary>The only place that creates error records: stable id, correct category, the object concerned as target.</summary>
internal static class ErrorRecords
{
    public static ErrorRecord From(BackupException exception)
    {
        var record = new ErrorRecord(
            exception,
            exception.ErrorId,
            Enum.Parse<ErrorCategory>(exception.Category.ToString()),
            exception.Target
        );
        record.ErrorDetails = new ErrorDetails(exception.Message)
        {
            RecommendedAction = Texts.Get(
                new[] { "Action_Of_" + exception.ErrorId, "Action_Of_" + exception.Category }.FirstOrDefault(Texts.Has)
                    ?? "Action_Of_NotSpecified"
            ),
        };
        return record;
    }

    /// <summary>An item that a restore could not bring back: the others continue.</summary>
    public static ErrorRecord OfItem(RestoredItem item)
    {
        var exception = new BackupException(
            ErrorIds.RestoreItemFailed,
            BackupErrorCategory.NotSpecified,
            item.Path,
            item.Path,
            item.Detail ?? item.Code ?? ""
        );
        var category = item.Code switch
        {
            ErrorIds.DestinationUnwritable => ErrorCategory.PermissionDenied,
            ErrorIds.RepositoryDamaged => ErrorCategory.InvalidData,
            "LinkInTheWay" => ErrorCategory.SecurityError,
            _ => ErrorCategory.NotSpecified,
        };
        return new ErrorRecord(exception, item.Code ?? ErrorIds.RestoreItemFailed, category, item.Path);
    }

    public static ErrorRecord Unexpected(Exception exception)
    {
        // An assembly is named by its full name (AssemblyName.FullName), any other file by its path: half a module, left by an interrupted
        // copy or by a virus scanner.
        if (
            exception is FileNotFoundException { FileName: { } name }
            && name.IndexOf(", Version=", StringComparison.Ordinal) is > 0 and var end
        )
            return From(EngineHost.Incomplete(name[..end] + ".dll"));
        return From(BackupException.Unexpected(exception, null));
    }
}
