using System.Globalization;
using System.Management.Automation;
using System.Text;

namespace KlarKonform.Backup.HelpPages;

/// <summary>A cmdlet's page in the form that platyPS reads and writes (schema 2.0.0).</summary>
internal static class MarkdownPage
{
    private const string Common =
        "This cmdlet supports the common parameters: -Debug, -ErrorAction, -ErrorVariable, -InformationAction, "
        + "-InformationVariable, -OutBuffer, -OutVariable, -PipelineVariable, -ProgressAction, -Verbose, -WarningAction, "
        + "and -WarningVariable. For more information, see "
        + "[about_CommonParameters](http://go.microsoft.com/fwlink/?LinkID=113216).";

    public static string Of(CmdletInfo command, CommandHelp help, string language)
    {
        var page = new StringBuilder();
        page.Append(
            "---\nexternal help file: KlarKonform.Backup.Cmdlets.dll-Help.xml\nModule Name: KlarKonform.Backup\n"
                + "online version:\nschema: 2.0.0\n---\n\n"
        );
        page.Append(CultureInfo.InvariantCulture, $"# {command.Name}\n\n## SYNOPSIS\n{help.Synopsis}\n\n## SYNTAX\n");
        var sets = Parameters.Sets(command).ToArray();
        foreach (var set in sets)
        {
            if (sets.Length > 1)
                page.Append(CultureInfo.InvariantCulture, $"\n### {set.Name}{(set.IsDefault ? " (Default)" : "")}");
            page.Append(CultureInfo.InvariantCulture, $"\n```\n{command.Name} {set}\n```\n");
        }

        page.Append(CultureInfo.InvariantCulture, $"\n## DESCRIPTION\n{help.Description}\n\n## EXAMPLES\n");
        foreach (var ((title, code), i) in help.Examples.Select((example, i) => (example, i + 1)))
            page.Append(
                CultureInfo.InvariantCulture,
                $"\n### {(language == "de" ? "Beispiel" : "Example")} {i}: {title}\n```powershell\n{code}\n```\n"
            );
        page.Append("\n## PARAMETERS\n");
        foreach (var parameter in Parameters.Own(command))
        {
            var names = parameter.ParameterSets.ContainsKey(ParameterAttribute.AllParameterSets)
                ? "(All)"
                : string.Join(", ", parameter.ParameterSets.Keys.Order(StringComparer.Ordinal));
            page.Append(
                CultureInfo.InvariantCulture,
                $"\n### -{parameter.Name}\n{help.Parameters[parameter.Name]}\n\n```yaml\n"
                    + $"Type: {Parameters.TypeOf(parameter.ParameterType)}\nParameter Sets: {names}\n"
                    + $"Aliases:{string.Concat(parameter.Aliases.Take(1).Select(alias => " " + alias))}"
                    + $"{string.Concat(parameter.Aliases.Skip(1).Select(alias => ", " + alias))}\n"
            );
            if (parameter.Attributes.OfType<ValidateSetAttribute>().FirstOrDefault() is { } values)
                page.Append(CultureInfo.InvariantCulture, $"Accepted values: {string.Join(", ", values.ValidValues)}\n");
            else if (
                (
                    Nullable.GetUnderlyingType(parameter.ParameterType)
                    ?? parameter.ParameterType.GetElementType()
                    ?? parameter.ParameterType
                ) is
                { IsEnum: true } type
            )
                page.Append(CultureInfo.InvariantCulture, $"Accepted values: {string.Join(", ", Enum.GetNames(type))}\n");
            page.Append(
                CultureInfo.InvariantCulture,
                $"\nRequired: {Parameters.IsRequired(parameter)}\nPosition: {Parameters.Position(parameter)}\n"
                    + $"Default value: None\nAccept pipeline input: {Parameters.Pipeline(parameter)}\n"
                    + $"Accept wildcard characters: {Parameters.TakesWildcards(parameter)}\n```\n"
            );
        }

        page.Append(CultureInfo.InvariantCulture, $"\n### CommonParameters\n{Common}\n\n## INPUTS\n");
        foreach (
            var type in command
                .Parameters.Values.Where(parameter =>
                    parameter.ParameterSets.Values.Any(set => set.ValueFromPipeline || set.ValueFromPipelineByPropertyName)
                )
                .Select(parameter => $"{parameter.ParameterType}")
                .Distinct()
                .Order(StringComparer.Ordinal)
                .DefaultIfEmpty("None")
        )
            page.Append(CultureInfo.InvariantCulture, $"\n### {type}\n");
        page.Append("\n## OUTPUTS\n");
        foreach (var type in command.OutputType.Select(type => type.Name).DefaultIfEmpty("None"))
            page.Append(CultureInfo.InvariantCulture, $"\n### {type}\n");
        page.Append(
            CultureInfo.InvariantCulture,
            $"\n## NOTES\n\n## RELATED LINKS\n\n[about_KlarKonform_Backup](about_KlarKonform_Backup.md)\n"
        );
        return page.ToString();
    }
}
