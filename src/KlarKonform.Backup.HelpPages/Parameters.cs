using System.Management.Automation;

namespace KlarKonform.Backup.HelpPages;

/// <summary>What the shell reports about a cmdlet's parameters.</summary>
internal static class Parameters
{
    /// <summary>The cmdlet's own parameters, by name.</summary>
    public static IEnumerable<ParameterMetadata> Own(CmdletInfo command) =>
        command
            .Parameters.Values.Where(parameter => !PSCmdlet.CommonParameters.Contains(parameter.Name))
            .OrderBy(parameter => parameter.Name, StringComparer.Ordinal);

    public static bool IsOptional(string name) => PSCmdlet.OptionalCommonParameters.Contains(name);

    /// <summary>A type's short name: String[], SwitchParameter, the inner type of Nullable.</summary>
    public static string TypeOf(Type type) => (Nullable.GetUnderlyingType(type) ?? type).Name;

    public static bool IsRequired(ParameterMetadata parameter) => parameter.ParameterSets.Values.Any(set => set.IsMandatory);

    public static string Pipeline(ParameterMetadata parameter)
    {
        var ways = new List<string>();
        if (parameter.ParameterSets.Values.Any(set => set.ValueFromPipelineByPropertyName))
            ways.Add("ByPropertyName");
        if (parameter.ParameterSets.Values.Any(set => set.ValueFromPipeline))
            ways.Add("ByValue");
        return ways.Count == 0 ? "False" : $"True ({string.Join(", ", ways)})";
    }

    /// <summary>Position counted from 1, or Named.</summary>
    public static string Position(ParameterMetadata parameter) =>
        parameter.ParameterSets.Values.Select(set => set.Position).FirstOrDefault(position => position >= 0, int.MinValue)
            is >= 0
                and var place
            ? $"{place + 1}"
            : "Named";

    public static bool TakesWildcards(ParameterMetadata parameter) => parameter.Attributes.OfType<SupportsWildcardsAttribute>().Any();

    /// <summary>Parameter sets of the command, the default one first.</summary>
    public static IEnumerable<CommandParameterSetInfo> Sets(CmdletInfo command) =>
        command.ParameterSets.OrderByDescending(set => set.IsDefault).ThenBy(set => set.Name, StringComparer.Ordinal);
}
