namespace KlarKonform.Backup;

/// <summary>A file that was restored.</summary>
/// <param name="Path">Its path in the snapshot.</param>
/// <param name="File">The file.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Status">Restored, or Skipped because a file was there.</param>
public sealed record RestoredItem(string Path, string File, long Size, string Status);
