using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using KlarKonform.Backup.Graph.Drives;

namespace KlarKonform.Backup.Engine.Formats;

/// <summary>What a drive item's properties say (driveitem-delta, driveItem resource).</summary>
internal static class DriveItemJson
{
    // Enough to tell two states of one item apart; it is no protection against anybody.
    private const int DigestBytes = 6;

    public static bool IsRoot(JsonElement item) => Has(item, "root");

    public static bool IsDeleted(JsonElement item) => Has(item, "deleted");

    /// <summary>A pointer to another drive's item. It is never followed: that drive is backed up on its own.</summary>
    public static bool IsShortcut(JsonElement item) => Has(item, "remoteItem");

    /// <summary>A folder, or a package that is one in all but name: a OneNote notebook.</summary>
    public static bool IsFolder(JsonElement item) => !IsShortcut(item) && (Has(item, "folder") || Has(item, "package"));

    public static bool IsFile(JsonElement item) => !IsShortcut(item) && Has(item, "file");

    public static bool IsShared(JsonElement item) => Has(item, "shared");

    /// <summary>The announced size in bytes; null when none is announced, which is another thing than none.</summary>
    public static long? SizeOrNull(JsonElement item) =>
        item.TryGetProperty("size", out var size) && size.ValueKind == JsonValueKind.Number && size.TryGetInt64(out var bytes) && bytes >= 0 ? bytes : null;

    /// <summary>The announced size in bytes, or 0.</summary>
    public static long Size(JsonElement item) => SizeOrNull(item) ?? 0;

    public static string Parent(JsonElement item) => item.Object("parentReference").Text("id");

    /// <summary>The quickXorHash in base64, or null: fresh uploads and files without bytes have none.</summary>
    public static string? Hash(JsonElement item) => item.Object("file").Object("hashes").Text("quickXorHash") is { Length: > 0 } hash ? hash : null;

    /// <summary>Tells contents apart. Business drives omit cTag in delta; without a hash the time must do.</summary>
    public static string Version(JsonElement item) => string.Create(CultureInfo.InvariantCulture, $"{SizeOrNull(item)?.ToString(CultureInfo.InvariantCulture) ?? "?"}:{Hash(item) ?? item.Text("lastModifiedDateTime")}");

    /// <summary>Tells states of the properties apart. A folder's size and child count are left out: they change with what is in it.</summary>
    public static string Properties(JsonElement item)
    {
        var state = string.Join('|', item.Text("eTag"), item.Text("lastModifiedDateTime"), item.Written("shared"), item.Written("malware"), item.Written("fileSystemInfo"));
        return Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(state)).AsSpan(0, DigestBytes));
    }

    // A facet that is null is none.
    private static bool Has(JsonElement item, string facet) => item.TryGetProperty(facet, out var value) && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.False);

    /// <summary>Whether the item may have older versions: the number in its eTag counts what was done to it.</summary>
    public static bool WasChanged(JsonElement item)
    {
        var tag = item.Text("eTag").TrimEnd('"');
        return !int.TryParse(tag.AsSpan(tag.LastIndexOf(',') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > 1;
    }

    /// <summary>The client's time of the last change, as file systems show it; else the server's.</summary>
    public static DateTimeOffset ModifiedAt(JsonElement item) =>
        item.Object("fileSystemInfo") is { ValueKind: JsonValueKind.Object } info && info.Time("lastModifiedDateTime") is var time && time != DateTimeOffset.UnixEpoch
            ? time : item.Time("lastModifiedDateTime");

    /// <summary>The pre-authenticated address that came with the item, or null.</summary>
    public static Uri? Address(JsonElement item) => Uri.TryCreate(item.Text(DriveApi.AddressProperty), UriKind.Absolute, out var address) ? address : null;
}
