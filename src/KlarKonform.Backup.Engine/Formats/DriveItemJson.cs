using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using KlarKonform.Backup.Graph.Drives;

namespace KlarKonform.Backup.Engine.Formats;

/// <summary>What a drive item's properties say (driveitem-delta, driveItem resource).</summary>
internal static class DriveItemJson
{
    // Enough to distinguish two states of one item; it is not a protection against attacks.
    private const int DigestBytes = 6;

    public static bool IsRoot(JsonElement item) => Has(item, "root");

    public static bool IsDeleted(JsonElement item) => Has(item, "deleted");

    /// <summary>A link to another drive's item. It is never followed: that drive is backed up on its own.</summary>
    public static bool IsShortcut(JsonElement item) => Has(item, "remoteItem");

    /// <summary>A folder, or a package that behaves like one: a OneNote notebook.</summary>
    public static bool IsFolder(JsonElement item) => !IsShortcut(item) && (Has(item, "folder") || Has(item, "package"));

    public static bool IsFile(JsonElement item) => !IsShortcut(item) && Has(item, "file");

    public static bool IsShared(JsonElement item) => Has(item, "shared");

    /// <summary>The announced size in bytes; null if none is announced, which is different from 0.</summary>
    public static long? SizeOrNull(JsonElement item) =>
        item.TryGetProperty("size", out var size) && size.ValueKind == JsonValueKind.Number && size.TryGetInt64(out var bytes) && bytes >= 0
            ? bytes
            : null;

    /// <summary>The announced size in bytes, or 0.</summary>
    public static long Size(JsonElement item) => SizeOrNull(item) ?? 0;

    public static string Parent(JsonElement item) => item.Object("parentReference").Text("id");

    /// <summary>The quickXorHash in base64, or null: fresh uploads and empty files have none.</summary>
    public static string? Hash(JsonElement item) =>
        item.Object("file").Object("hashes").Text("quickXorHash") is { Length: > 0 } hash ? hash : null;

    /// <summary>Distinguishes versions of the content. Business drives omit cTag in delta; without a hash the time has to do.</summary>
    public static string Version(JsonElement item) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{SizeOrNull(item)?.ToString(CultureInfo.InvariantCulture) ?? "?"}:{Hash(item) ?? item.Text("lastModifiedDateTime")}"
        );

    /// <summary>
    /// Distinguishes states of the properties. A folder's size and child count are left out: they change with its contents.
    /// </summary>
    public static string Properties(JsonElement item)
    {
        var state = string.Join(
            '|',
            item.Text("eTag"),
            item.Text("lastModifiedDateTime"),
            item.Written("shared"),
            item.Written("malware"),
            item.Written("fileSystemInfo")
        );
        return Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(state)).AsSpan(0, DigestBytes));
    }

    // A facet that is null counts as absent.
    private static bool Has(JsonElement item, string facet) =>
        item.TryGetProperty(facet, out var value) && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.False);

    /// <summary>Whether the item may have older versions: the number in its eTag counts its changes.</summary>
    public static bool WasChanged(JsonElement item)
    {
        var tag = item.Text("eTag").TrimEnd('"');
        return !int.TryParse(tag.AsSpan(tag.LastIndexOf(',') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || number > 1;
    }

    /// <summary>The client's time of the last change, as file systems show it; otherwise the server's.</summary>
    public static DateTimeOffset ModifiedAt(JsonElement item) =>
        item.Object("fileSystemInfo") is { ValueKind: JsonValueKind.Object } info
        && info.Time("lastModifiedDateTime") is var time
        && time != DateTimeOffset.UnixEpoch
            ? time
            : item.Time("lastModifiedDateTime");

    /// <summary>The pre-authenticated download URL that came with the item, or null.</summary>
    public static Uri? Address(JsonElement item) =>
        Uri.TryCreate(item.Text(DriveApi.AddressProperty), UriKind.Absolute, out var address) ? address : null;
}
