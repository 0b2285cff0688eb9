using System.Reflection;
using KlarKonform.Backup.Demo;
using KlarKonform.Backup.HelpPages;

// dotnet run --project src/KlarKonform.Backup.HelpPages [-- --output DIR]
// Writes docs/en-US, docs/de-DE (platyPS Markdown) and the module's MAML out of help.en.xml, help.de.xml and the compiled cmdlets.
var root = typeof(ModuleHost).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(each => each.Key == "RepositoryRoot").Value!;
var output = args is ["--output", var folder] ? folder : root;
if (args.Length > 0 && args is not ["--output", _])
{
    Console.Error.WriteLine("Usage: dotnet run --project src/KlarKonform.Backup.HelpPages [-- --output DIR]");
    return 2;
}

using var shell = new ModuleHost();
var commands = shell
    .Invoke("Get-Command -Module KlarKonform.Backup")
    .Select(command => (System.Management.Automation.CmdletInfo)command.BaseObject)
    .OrderBy(command => command.Name, StringComparer.Ordinal)
    .ToArray();
foreach (var (language, culture) in new[] { ("en", "en-US"), ("de", "de-DE") })
{
    var help = new HelpSource(Path.Combine(root, "src", "KlarKonform.Backup.Cmdlets", "Module", $"help.{language}.xml"));
    foreach (var command in commands)
        Write(Path.Combine(output, "docs", culture, command.Name + ".md"), MarkdownPage.Of(command, help.Of(command.Name), language));
    var about = File.ReadAllText(
        Path.Combine(root, "src", "KlarKonform.Backup.Cmdlets", "Module", culture, "about_KlarKonform_Backup.help.txt")
    );
    Write(
        Path.Combine(output, "docs", culture, "about_KlarKonform_Backup.md"),
        $"# about_KlarKonform_Backup\n\n```\n{about.TrimEnd()}\n```\n"
    );
    Write(
        Path.Combine(output, "src", "KlarKonform.Backup.Cmdlets", "Module", culture, "KlarKonform.Backup.Cmdlets.dll-Help.xml"),
        MamlFile.Of(commands, help)
    );
}

return 0;

static void Write(string path, string text)
{
    Directory.CreateDirectory(Path.GetDirectoryName(path)!);
    File.WriteAllText(path, text.ReplaceLineEndings("\n"));
}
