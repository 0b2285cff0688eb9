using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Hosting;

/// <summary>The one place that makes error records: stable id, true category, the thing as target.</summary>
internal static class ErrorRecords
{
    public static ErrorRecord From(BackupException exception) =>
        new(exception, exception.ErrorId, Enum.Parse<ErrorCategory>(exception.Category.ToString()), exception.Target);

    public static ErrorRecord Unexpected(Exception exception) => new(
        new BackupException("Unexpected", BackupErrorCategory.NotSpecified, null, $"{exception.GetType().Name}: {exception.Message}"),
        "Unexpected", ErrorCategory.NotSpecified, null);
}
