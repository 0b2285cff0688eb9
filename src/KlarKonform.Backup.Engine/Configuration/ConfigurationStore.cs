using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace KlarKonform.Backup.Engine.Configuration;

/// <summary>Configurations as JSON files, one each. Thread-safe; the last writer of a file wins.</summary>
internal sealed class ConfigurationStore(BackupHome home)
{
    private const string Schema = "configuration.schema.json";

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter() },
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public async Task<IReadOnlyList<BackupConfiguration>> FindAsync(string pattern, CancellationToken cancellationToken)
    {
        var found = new List<BackupConfiguration>();
        if (!Directory.Exists(home.Configurations))
            return found;
        foreach (var file in Directory.EnumerateFiles(home.Configurations, "*.json").Order(StringComparer.OrdinalIgnoreCase))
        {
            if (System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, Path.GetFileNameWithoutExtension(file)))
                found.Add(await ReadAsync(file, cancellationToken).ConfigureAwait(false));
        }

        return found;
    }

    /// <exception cref="BackupException">ConfigurationNotFound, ConfigurationInvalid or ConfigurationFieldInvalid.</exception>
    public async Task<BackupConfiguration> GetAsync(string name, CancellationToken cancellationToken)
    {
        var file = ConfigurationValidator.IsName(name) ? FileOf(name) : "";
        if (!File.Exists(file))
            throw new BackupException("ConfigurationNotFound", BackupErrorCategory.ObjectNotFound, name, name);
        return await ReadAsync(file, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A configuration's file as it is.</summary>
    public Task<string> ReadTextAsync(string name, CancellationToken cancellationToken) => File.ReadAllTextAsync(FileOf(name), cancellationToken);

    public bool Exists(string name) => File.Exists(FileOf(name));

    /// <summary>Writes a configuration; fields of the present file that this version does not know are kept.</summary>
    public async Task SaveAsync(BackupConfiguration configuration, CancellationToken cancellationToken)
    {
        var file = FileOf(configuration.Name);
        var json = File.Exists(file) ? (JsonObject)JsonNode.Parse(await File.ReadAllBytesAsync(file, cancellationToken).ConfigureAwait(false))!
            : new JsonObject { ["$schema"] = Schema };
        Merge(json, (JsonObject)JsonSerializer.SerializeToNode(configuration, s_json)!);
        await BackupHome.WriteAsync(file, System.Text.Encoding.UTF8.GetBytes(json.ToJsonString(s_json) + "\n"), cancellationToken).ConfigureAwait(false);
    }

    public void Remove(BackupConfiguration configuration)
    {
        File.Delete(FileOf(configuration.Name));
        if (Directory.Exists(home.Runs(configuration.Id)))
            Directory.Delete(home.Runs(configuration.Id), recursive: true);
        if (Directory.Exists(home.Cache(configuration.Id)))
            Directory.Delete(home.Cache(configuration.Id), recursive: true);
    }

    private static async Task<BackupConfiguration> ReadAsync(string file, CancellationToken cancellationToken)
    {
        BackupConfiguration configuration;
        try
        {
            var json = await File.ReadAllBytesAsync(file, cancellationToken).ConfigureAwait(false);
            configuration = JsonSerializer.Deserialize<BackupConfiguration>(json, s_json) ?? throw new JsonException("null");
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new BackupException("ConfigurationInvalid", BackupErrorCategory.InvalidData, file, file, exception.Message);
        }

        ConfigurationValidator.Validate(configuration);
        return configuration;
    }

    private static void Merge(JsonObject target, JsonObject source)
    {
        foreach (var (name, value) in source)
        {
            if (value is null)
                target.Remove(name);
            else if (value is JsonObject section)
                MergeSection(target, name, section);
            else
                target[name] = value.DeepClone();
        }
    }

    private static void MergeSection(JsonObject target, string name, JsonObject section)
    {
        if (target[name] is not JsonObject known)
            target[name] = known = [];
        Merge(known, section);
    }

    private string FileOf(string name) => Path.Combine(home.Configurations, name + ".json");
}
