using System.Globalization;
using System.Text;

namespace KlarKonform.Backup.Engine.Restore;

/// <summary>What a restore did, one line per item, as CSV for spreadsheets.</summary>
internal sealed class RestoreReport : IAsyncDisposable
{
    private readonly StreamWriter _writer;
    private readonly string _separator = CultureInfo.CurrentCulture.TextInfo.ListSeparator;

    private readonly string _path;

    private RestoreReport(string path, StreamWriter writer) => (_path, _writer) = (path, writer);

    /// <summary>Starts a report; an existing file is replaced, unless this restore continues it.</summary>
    /// <exception cref="BackupException">DestinationUnwritable: before anything was restored.</exception>
    public static async Task<RestoreReport?> OpenAsync(string? path, bool append)
    {
        if (path is null)
            return null;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var report = new RestoreReport(
                path,
                new StreamWriter(
                    new FileStream(path, append ? FileMode.Append : FileMode.Create, FileAccess.Write, FileShare.Read),
                    new UTF8Encoding(encoderShouldEmitUTF8Identifier: true)
                )
            );
            if (!append)
                await report.LineAsync("Status", "Path", "Target", "Size", "Code", "Detail");
            return report;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BackupException(ErrorIds.DestinationUnwritable, BackupErrorCategory.PermissionDenied, path, path, exception.Message);
        }
    }

    /// <summary>Adds an item.</summary>
    /// <exception cref="BackupException">DestinationUnwritable.</exception>
    public async Task AddAsync(RestoredItem item)
    {
        try
        {
            await LineAsync(
                item.Status,
                item.Path,
                item.File,
                item.Size.ToString(CultureInfo.InvariantCulture),
                item.Code ?? "",
                item.Detail ?? ""
            );
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BackupException(
                ErrorIds.DestinationUnwritable,
                BackupErrorCategory.PermissionDenied,
                _path,
                _path,
                exception.Message
            );
        }
    }

    public ValueTask DisposeAsync() => _writer.DisposeAsync();

    private Task LineAsync(params string[] values) =>
        _writer.WriteAsync(string.Join(_separator, values.Select(value => SpreadsheetCell.Of(value, _separator))) + "\r\n");
}
