using System.Text.Json;
using System.Text.Json.Serialization;
using KlarKonform.Backup.Engine.Configuration;

namespace KlarKonform.Backup.Engine.Retention.Holds;

/// <summary>
/// The holds of a configuration as this computer last saw them, for a status that needs no repository. The repository is authoritative.
/// </summary>
internal sealed class HoldCache(BackupHome home)
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter() },
    };

    public async Task<IReadOnlyList<BackupHold>> ReadAsync(Guid configuration, CancellationToken cancellationToken)
    {
        try
        {
            return File.Exists(FileOf(configuration))
                ? JsonSerializer.Deserialize<BackupHold[]>(await File.ReadAllBytesAsync(FileOf(configuration), cancellationToken), s_json)
                    ?? []
                : [];
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            return []; // It is only informative; the next read of the repository writes it again.
        }
    }

    public Task WriteAsync(Guid configuration, IReadOnlyList<BackupHold> holds, CancellationToken cancellationToken) =>
        BackupHome.WriteAsync(FileOf(configuration), JsonSerializer.SerializeToUtf8Bytes(holds, s_json), cancellationToken);

    private string FileOf(Guid configuration) => Path.Combine(home.Runs(configuration), "holds", "holds.json");
}
