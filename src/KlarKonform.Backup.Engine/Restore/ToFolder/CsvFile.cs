using System.Globalization;
using System.Text;

namespace KlarKonform.Backup.Engine.Restore.ToFolder;

/// <summary>A table as CSV (RFC 4180) for spreadsheets: UTF-8 with a byte order mark, and the culture's separator.</summary>
internal abstract class CsvFile(string path, bool overwrite, IReadOnlyList<string> columns) : CombinedFile(path, overwrite)
{
    private readonly string _separator = CultureInfo.CurrentCulture.TextInfo.ListSeparator;

    protected override string Head => "\uFEFF" + string.Join(_separator, columns) + "\r\n";

    /// <summary>Writes a row.</summary>
    protected void WriteRow(MemoryStream target, IEnumerable<string> cells) =>
        target.Write(Encoding.UTF8.GetBytes(string.Join(_separator, cells.Select(cell => SpreadsheetCell.Of(cell, _separator))) + "\r\n"));
}
