namespace KlarKonform.Backup.Architecture;

/// <summary>The source files of this repository.</summary>
internal static class Sources
{
    /// <summary>The repository's root.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>
    /// Every C# file below a folder of the root, by its path from the root with slashes; what the build made is left out.
    /// </summary>
    public static IEnumerable<string> FilesBelow(string folder) =>
        Directory
            .EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Root, file).Replace('\\', '/'))
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal));

    private static string FindRoot()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "KlarKonform.Backup.sln")))
                return folder;
        }

        throw new InvalidOperationException("The tests do not run below the repository.");
    }
}
