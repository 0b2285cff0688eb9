using System.Text.Json;
using System.Text.Json.Serialization;

namespace KlarKonform.Backup.Engine.Configuration;

/// <summary>Configurations as JSON files, one each. Thread-safe; the last writer of a file wins.</summary>
internal sealed class ConfigurationStore(BackupHome home)
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
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

    public bool Exists(string name) => File.Exists(FileOf(name));

    public Task SaveAsync(BackupConfiguration configuration, CancellationToken cancellationToken) =>
        BackupHome.WriteAsync(FileOf(configuration.Name), JsonSerializer.SerializeToUtf8Bytes(configuration, s_json), cancellationToken);

    public void Remove(BackupConfiguration configuration)
    {
        File.Delete(FileOf(configuration.Name));
        if (Directory.Exists(home.Runs(configuration.Id)))
            Directory.Delete(home.Runs(configuration.Id), recursive: true);
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

    private string FileOf(string name) => Path.Combine(home.Configurations, name + ".json");
}
