using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace KlarKonform.Backup.Engine.Configuration;

/// <summary>Configurations as JSON files, one per configuration. Thread-safe; the last writer of a file wins.</summary>
internal sealed class ConfigurationStore(BackupHome home)
{
    private const string Schema = "configuration.schema.json";

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter() },
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>
    /// Configurations that match a pattern, and an error for each file that cannot be read: one file that is being edited must not hide the
    /// others.
    /// </summary>
    public async Task<ConfigurationListing> FindAsync(string pattern, CancellationToken cancellationToken)
    {
        var (found, problems) = (new List<BackupConfiguration>(), new List<BackupException>());
        if (!Directory.Exists(home.Configurations))
            return new ConfigurationListing(found, problems);
        foreach (var file in Directory.EnumerateFiles(home.Configurations, "*.json").Order(StringComparer.OrdinalIgnoreCase))
        {
            if (!System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, Path.GetFileNameWithoutExtension(file)))
                continue;
            try
            {
                found.Add(await ReadAsync(file, cancellationToken));
            }
            catch (BackupException exception)
            {
                problems.Add(exception);
            }
        }

        return new ConfigurationListing(found, problems);
    }

    /// <exception cref="BackupException">ConfigurationNotFound, ConfigurationInvalid or ConfigurationFieldInvalid.</exception>
    public async Task<BackupConfiguration> GetAsync(string name, CancellationToken cancellationToken)
    {
        var file = ConfigurationValidator.IsName(name) ? FileOf(name) : "";
        if (!File.Exists(file))
            throw new BackupException(ErrorIds.ConfigurationNotFound, BackupErrorCategory.ObjectNotFound, name, name);
        return await ReadAsync(file, cancellationToken);
    }

    /// <summary>A configuration's file as text.</summary>
    public Task<string> ReadTextAsync(string name, CancellationToken cancellationToken) =>
        File.ReadAllTextAsync(FileOf(name), cancellationToken);

    public bool Exists(string name) => File.Exists(FileOf(name));

    /// <summary>Writes a configuration; fields in the existing file that this version does not know are kept.</summary>
    public async Task SaveAsync(BackupConfiguration configuration, CancellationToken cancellationToken)
    {
        var file = FileOf(configuration.Name);
        var json = File.Exists(file)
            ? (JsonObject)JsonNode.Parse(await File.ReadAllBytesAsync(file, cancellationToken))!
            : new JsonObject { ["$schema"] = Schema };
        Merge(json, (JsonObject)JsonSerializer.SerializeToNode(configuration, s_json)!);
        await BackupHome.WriteAsync(file, System.Text.Encoding.UTF8.GetBytes(json.ToJsonString(s_json) + "\n"), cancellationToken);
    }

    /// <summary>The id in a configuration's file, even when the rest of the file cannot be used; null if it has none.</summary>
    public async Task<Guid?> IdOfAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            using var json = JsonDocument.Parse(await File.ReadAllBytesAsync(FileOf(name), cancellationToken));
            return
                json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("id", out var id)
                && id.ValueKind == JsonValueKind.String
                && id.TryGetGuid(out var value)
                ? value
                : null;
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            return null; // The file is about to be removed anyway, so an unreadable id does not matter.
        }
    }

    /// <summary>Removes a configuration's file, and everything stored under its id.</summary>
    /// <exception cref="BackupException">HomeUnwritable.</exception>
    public void Remove(string name, Guid? id)
    {
        try
        {
            File.Delete(FileOf(name));
            foreach (var folder in id is { } known ? [home.Runs(known), home.Cache(known)] : Array.Empty<string>())
            {
                if (Directory.Exists(folder))
                    Directory.Delete(folder, recursive: true);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BackupException(
                ErrorIds.HomeUnwritable,
                BackupErrorCategory.PermissionDenied,
                name,
                home.Configurations,
                exception.Message
            );
        }
    }

    private static async Task<BackupConfiguration> ReadAsync(string file, CancellationToken cancellationToken)
    {
        try
        {
            var json = await File.ReadAllBytesAsync(file, cancellationToken);
            var configuration = JsonSerializer.Deserialize<BackupConfiguration>(json, s_json) ?? throw new JsonException("null");
            ConfigurationValidator.Validate(configuration);
            return configuration;
        }
        catch (JsonException exception)
        {
            throw Invalid(file, Reason(exception));
        }
        catch (Exception exception) when (exception is not (BackupException or OperationCanceledException))
        {
            // Unreadable, or null where the type does not allow it: whatever the file holds, the error is about that file.
            throw Invalid(file, exception is IOException or UnauthorizedAccessException ? exception.Message : exception.GetType().Name);
        }
    }

    private static BackupException Invalid(string file, string reason) =>
        new(ErrorIds.ConfigurationInvalid, BackupErrorCategory.InvalidData, file, file, reason, Path.GetFileNameWithoutExtension(file));

    // System.Text.Json counts lines from 0 and appends the position to the message.
    private static string Reason(JsonException exception)
    {
        var end = exception.Message.IndexOf(" Path: ", StringComparison.Ordinal);
        var words = end > 0 ? exception.Message[..end] : exception.Message;
        return exception.LineNumber is not { } line
            ? words
            : Texts.Get("JsonPlace", words, line + 1, exception.Path is { Length: > 1 } path ? path[1..].TrimStart('.') : "–");
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
