using System.Text.RegularExpressions;

namespace KlarKonform.Backup.Architecture;

/// <summary>
/// LayerTests read the rooms from namespaces; so a namespace must be the folder. The compiler's own rule for it (IDE0130) works in editors
/// only.
/// </summary>
public sealed partial class NamespaceTests
{
    // The public surface is one namespace, because scripts name its types; the stand-in's model is one room whose folders only sort its
    // files.
    private static readonly string[] s_oneRoom = ["src/KlarKonform.Backup.Abstractions/", "src/KlarKonform.Backup.DemoTenant/Model/"];

    [Fact]
    public void A_namespace_is_the_folder_of_its_file()
    {
        var wrong =
            from file in Sources.FilesBelow("src")
            where !s_oneRoom.Any(room => file.StartsWith(room, StringComparison.Ordinal))
            let named = Declaration().Match(File.ReadAllText(Path.Combine(Sources.Root, file))).Groups[1].Value
            where named.Length > 0 && named != Path.GetDirectoryName(file)!["src/".Length..].Replace('/', '.').Replace('\\', '.')
            select $"{file} says {named}";
        Assert.Empty(wrong);
    }

    [GeneratedRegex(@"^namespace ([\w.]+)", RegexOptions.Multiline)]
    private static partial Regex Declaration();
}
