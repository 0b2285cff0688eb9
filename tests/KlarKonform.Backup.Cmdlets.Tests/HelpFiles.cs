using System.Reflection;
using System.Xml.Linq;
using KlarKonform.Backup.Demo;

namespace KlarKonform.Backup.Cmdlets.Tests;

/// <summary>The staged module's help, as Get-Help reads it.</summary>
internal static class HelpFiles
{
    private static readonly XNamespace s_command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace s_dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    /// <summary>The folder in which the module is staged.</summary>
    public static string Module =>
        typeof(ModuleHost).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(each => each.Key == "StagedModule").Value!;

    public static IReadOnlyList<XElement> Commands(string culture) =>
        [.. XDocument.Load(Path.Combine(Module, culture, "KlarKonform.Backup.Cmdlets.dll-Help.xml")).Descendants(s_command + "command")];

    public static string NameOf(XElement command) => command.Element(s_command + "details")!.Element(s_command + "name")!.Value;

    public static IReadOnlyList<string> ExamplesOf(string culture, string cmdlet) =>
        [.. Commands(culture).Single(command => NameOf(command) == cmdlet).Descendants(s_dev + "code").Select(code => code.Value)];
}
