namespace KlarKonform.Backup.Repository.Locks;

/// <summary>
/// What a lock is held for. Purposes are paths: one that lies below another is a part of it, and the whole excludes its parts, while
/// parts stand side by side. Thread-safe.
/// </summary>
public static class LockPurpose
{
    private const char Separator = '/';

    /// <summary>A part of a purpose.</summary>
    /// <param name="whole">The purpose.</param>
    /// <param name="part">The part's name.</param>
    public static string Part(string whole, string part) => $"{whole}{Separator}{part}";

    /// <summary>Whether locks of two purposes exclude each other: they are the same, or one is a part of the other.</summary>
    public static bool Overlap(string one, string other) => Covers(one, other) || Covers(other, one);

    /// <summary>Whether a purpose is the other one or contains it.</summary>
    public static bool Covers(string whole, string part) =>
        part.StartsWith(whole, StringComparison.Ordinal) && (part.Length == whole.Length || part[whole.Length] == Separator);
}
