namespace KlarKonform.Backup.Repository.Locks;

/// <summary>
/// What a lock is held for. Purposes are paths: one below another is a part of it, and the whole excludes its parts, while parts do not
/// exclude each other. Thread-safe.
/// </summary>
public static class LockPurpose
{
    private const char Separator = '/';

    /// <summary>A part of a purpose.</summary>
    /// <param name="whole">The purpose.</param>
    /// <param name="part">The part's name.</param>
    public static string Part(string whole, string part) => $"{whole}{Separator}{part}";

    /// <summary>Whether locks with these purposes exclude each other: they are the same, or one is a part of the other.</summary>
    public static bool Overlap(string one, string other) => Covers(one, other) || Covers(other, one);

    /// <summary>Whether a purpose is the same as another or contains it.</summary>
    public static bool Covers(string whole, string part) =>
        part.StartsWith(whole, StringComparison.Ordinal) && (part.Length == whole.Length || part[whole.Length] == Separator);
}
