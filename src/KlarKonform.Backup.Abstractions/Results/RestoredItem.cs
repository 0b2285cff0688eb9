namespace KlarKonform.Backup;

/// <summary>An item of a restore and its result.</summary>
/// <param name="Path">Its path in the snapshot.</param>
/// <param name="File">The file, or the place in Microsoft 365.</param>
/// <param name="Size">Size in bytes.</param>
/// <param name="Status">
/// Restored; Skipped because it existed, or cannot be restored there; or Failed. See <see cref="RestoreOutcomes"/>.
/// </param>
public sealed record RestoredItem(string Path, string File, long Size, string Status)
{
    /// <summary>Why it was skipped or failed, or how it differs from the original; null if there is nothing to say.</summary>
    public string? Detail { get; init; }

    /// <summary>Graph's or our error code of a failure, or null.</summary>
    public string? Code { get; init; }
}
