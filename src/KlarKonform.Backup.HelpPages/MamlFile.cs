using System.Management.Automation;
using System.Xml.Linq;

namespace KlarKonform.Backup.HelpPages;

/// <summary>The file that Get-Help reads, with one syntax per parameter set.</summary>
internal static class MamlFile
{
    private static readonly XNamespace s_items = "http://msh";
    private static readonly XNamespace s_command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace s_maml = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace s_dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    public static string Of(IEnumerable<CmdletInfo> commands, HelpSource source) =>
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
        + new XElement(
            s_items + "helpItems",
            new XAttribute("schema", "maml"),
            new XAttribute(XNamespace.Xmlns + "command", s_command),
            new XAttribute(XNamespace.Xmlns + "maml", s_maml),
            new XAttribute(XNamespace.Xmlns + "dev", s_dev),
            commands.Select(command => Command(command, source.Of(command.Name)))
        )
        + "\n";

    private static XElement Command(CmdletInfo command, CommandHelp help) =>
        new(
            s_command + "command",
            new XElement(
                s_command + "details",
                new XElement(s_command + "name", command.Name),
                new XElement(s_maml + "description", Para(help.Synopsis)),
                new XElement(s_command + "verb", command.Verb),
                new XElement(s_command + "noun", command.Noun)
            ),
            new XElement(s_maml + "description", Para(help.Description)),
            new XElement(
                s_command + "syntax",
                Parameters
                    .Sets(command)
                    .Select(set => new XElement(
                        s_command + "syntaxItem",
                        new XElement(s_maml + "name", command.Name),
                        set.Parameters.Where(parameter => !PSCmdlet.CommonParameters.Contains(parameter.Name))
                            .OrderBy(parameter => parameter.Position < 0 ? int.MaxValue : parameter.Position)
                            .ThenByDescending(parameter => parameter.IsMandatory)
                            .ThenBy(parameter => Parameters.IsOptional(parameter.Name))
                            .Select(parameter =>
                                Parameter(
                                    command.Parameters[parameter.Name],
                                    parameter.IsMandatory,
                                    parameter.Position,
                                    help,
                                    inSyntax: true
                                )
                            )
                    ))
            ),
            new XElement(
                s_command + "parameters",
                Parameters
                    .Own(command)
                    .Select(parameter =>
                        Parameter(
                            parameter,
                            Parameters.IsRequired(parameter),
                            Parameters.Position(parameter) is var place && int.TryParse(place, out var number) ? number - 1 : -1,
                            help,
                            inSyntax: false
                        )
                    )
            ),
            new XElement(
                s_command + "returnValues",
                command.OutputType.Select(type => new XElement(
                    s_command + "returnValue",
                    new XElement(s_dev + "type", new XElement(s_maml + "name", type.Name))
                ))
            ),
            new XElement(
                s_command + "examples",
                help.Examples.Select(
                    (example, i) =>
                        new XElement(
                            s_command + "example",
                            new XElement(s_maml + "title", $"-------- {i + 1}: {example.Title} --------"),
                            new XElement(s_dev + "code", example.Code)
                        )
                )
            )
        );

    private static XElement Para(string text) => new(s_maml + "para", text);

    private static XElement Parameter(ParameterMetadata parameter, bool required, int position, CommandHelp help, bool inSyntax)
    {
        var isSwitch = parameter.ParameterType == typeof(SwitchParameter);
        return new XElement(
            s_command + "parameter",
            new XAttribute("required", required),
            new XAttribute("globbing", Parameters.TakesWildcards(parameter)),
            new XAttribute("pipelineInput", Parameters.Pipeline(parameter)),
            new XAttribute("position", position < 0 ? "named" : $"{position + 1}"),
            new XAttribute("aliases", parameter.Aliases.Count == 0 ? "none" : string.Join(", ", parameter.Aliases)),
            new XElement(s_maml + "name", parameter.Name),
            new XElement(s_maml + "description", Para(help.Parameters[parameter.Name])),
            isSwitch && inSyntax
                ? null
                : new XElement(
                    s_command + "parameterValue",
                    new XAttribute("required", !isSwitch),
                    Parameters.TypeOf(parameter.ParameterType)
                )
        );
    }
}
