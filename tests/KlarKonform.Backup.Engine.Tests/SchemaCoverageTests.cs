using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>The schema that users' editors read says of every setting what it is: one that is forgotten there is found here.</summary>
public sealed class SchemaCoverageTests
{
    private static readonly JsonObject s_schema = JsonNode
        .Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "configuration.schema.json")))!
        .AsObject();

    [Fact]
    public void Every_setting_and_every_value_of_a_choice_is_in_the_schema_and_nothing_else_is()
    {
        var differences = new List<string>();
        Compare(typeof(BackupConfiguration), s_schema, "", differences);
        Assert.Empty(differences);
    }

    private static void Compare(Type type, JsonObject schema, string path, List<string> differences)
    {
        var described = PropertiesOf(schema);
        var settings = type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.CanWrite && property.GetCustomAttribute<JsonIgnoreAttribute>() is null)
            .ToDictionary(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name));
        foreach (var (name, property) in settings)
        {
            if (!described.TryGetValue(name, out var description))
                differences.Add($"{path}/{name} is missing in the schema");
            else
                CompareValue(property.PropertyType, description, $"{path}/{name}", differences);
        }

        differences.AddRange(
            described.Keys.Except(settings.Keys).Where(name => name != "$schema").Select(name => $"{path}/{name} is no setting")
        );
    }

    private static void CompareValue(Type type, JsonObject schema, string path, List<string> differences)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type.IsEnum)
        {
            var values = Resolve(schema)["enum"]?.AsArray().Select(value => value!.GetValue<string>()) ?? [];
            differences.AddRange(Enum.GetNames(type).Except(values).Select(value => $"{path}: the schema lacks {value}"));
            differences.AddRange(values.Except(Enum.GetNames(type)).Select(value => $"{path}: {value} is no value"));
        }
        else if (type.IsGenericType && type.GetGenericArguments() is [var element] && Resolve(schema)["items"] is JsonObject items)
        {
            CompareValue(element, items, path + "[]", differences);
        }
        else if (type.Assembly == typeof(BackupConfiguration).Assembly && type.IsClass)
        {
            Compare(type, schema, path, differences);
        }
    }

    // What a definition and the place that refers to it say together; a definition may refer to another.
    private static Dictionary<string, JsonObject> PropertiesOf(JsonObject schema)
    {
        var found = Resolve(schema) is var definition && definition != schema ? PropertiesOf(definition) : [];
        foreach (var (name, description) in schema["properties"]?.AsObject() ?? [])
            found[name] = description!.AsObject();
        return found;
    }

    private static JsonObject Resolve(JsonObject schema) =>
        schema["$ref"]?.GetValue<string>() is { } reference ? s_schema["$defs"]![reference["#/$defs/".Length..]]!.AsObject() : schema;
}
