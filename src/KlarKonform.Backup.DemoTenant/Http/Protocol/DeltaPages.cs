using System.Collections.Concurrent;
using System.Globalization;
using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.DemoTenant.Http.Protocol;

/// <summary>Delta rounds of Outlook and the directory (concepts/delta-query-overview.md), and plain listings page by page.</summary>
internal sealed class DeltaPages(DemoTenantModel tenant, string graph)
{
    // The result of a round's first page: its later pages show the same, whatever changes meanwhile.
    private readonly ConcurrentDictionary<string, IReadOnlyList<string>> _rounds = new();

    /// <summary>Delta tokens older than this change are answered with 410; tests advance it.</summary>
    public long OldestToken { get; set; }

    /// <summary>
    /// A page of a delta round. A skip token contains the round's start, where it began (0: everything) and the position in it; a delta
    /// token contains the next start.
    /// </summary>
    public Dictionary<string, object?> Delta(
        HttpRequest request,
        string path,
        int normalPage,
        Func<IReadOnlyList<string>> all,
        Func<long, IReadOnlyList<string>> since,
        Func<string, Dictionary<string, object?>?> render
    )
    {
        long from = 0;
        var start = tenant.Sequence;
        var skip = 0;
        var select = request.Query["$select"].ToString();
        if (request.Query.TryGetValue("$deltatoken", out var delta))
        {
            var parts = ODataPaging.Decode(delta.ToString()).Split('|', 2);
            from = long.Parse(parts[0], CultureInfo.InvariantCulture);
            select = parts[1];
            if (from < OldestToken)
                throw new GraphErrorException(410, "SyncStateNotFound", "The sync state generation is not found.");
        }
        else if (request.Query.TryGetValue("$skiptoken", out var skipToken))
        {
            var parts = ODataPaging.Decode(skipToken.ToString()).Split('|', 4);
            (from, start, skip) = (
                long.Parse(parts[0], CultureInfo.InvariantCulture),
                long.Parse(parts[1], CultureInfo.InvariantCulture),
                int.Parse(parts[2], CultureInfo.InvariantCulture)
            );
            select = parts[3];
        }

        var size = ODataPaging.PageSize(request, normalPage, 1000);
        var round = $"{path}|{from}|{start}";
        var ids =
            skip > 0 && _rounds.TryGetValue(round, out var kept) ? kept
            : from == 0 ? all()
            : since(from);
        var items = ids.Skip(skip)
            .Take(size)
            .Select(render)
            .OfType<Dictionary<string, object?>>()
            .Select(item => ODataPaging.Select(item, select))
            .ToArray();
        var page = new Dictionary<string, object?> { ["@odata.context"] = $"{graph}/$metadata#delta", ["value"] = items };
        var flags = request.Query.TryGetValue("includeHiddenFolders", out var hidden) ? $"&includeHiddenFolders={hidden}" : "";
        flags += request.Query.TryGetValue("$expand", out var expand) ? $"&$expand={Uri.EscapeDataString(expand.ToString())}" : "";
        if (skip + size < ids.Count)
        {
            _rounds[round] = ids;
            page["@odata.nextLink"] = $"{graph}{path}?$skiptoken={ODataPaging.Encode($"{from}|{start}|{skip + size}|{select}")}{flags}";
        }
        else
        {
            _rounds.TryRemove(round, out _);
            page["@odata.deltaLink"] = $"{graph}{path}?$deltatoken={ODataPaging.Encode($"{start}|{select}")}{flags}";
        }

        return page;
    }

    /// <summary>A page of a plain listing.</summary>
    public Dictionary<string, object?> List(
        HttpRequest request,
        string path,
        int normalPage,
        IReadOnlyList<Dictionary<string, object?>> all
    )
    {
        var size = ODataPaging.PageSize(request, normalPage, 1000);
        var skip = request.Query.TryGetValue("$skip", out var text) ? int.Parse(text.ToString(), CultureInfo.InvariantCulture) : 0;
        var page = new Dictionary<string, object?>
        {
            ["@odata.context"] = $"{graph}/$metadata#list",
            ["value"] = all.Skip(skip).Take(size).Select(item => ODataPaging.Select(item, request.Query["$select"])).ToArray(),
        };
        if (skip + size < all.Count)
        {
            var query = string.Join(
                '&',
                request
                    .Query.Where(pair => pair.Key != "$skip")
                    .Select(pair => $"{pair.Key}={Uri.EscapeDataString(pair.Value.ToString())}")
                    .Append($"$skip={skip + size}")
            );
            page["@odata.nextLink"] = $"{graph}{path}?{query}";
        }

        return page;
    }

    public static Dictionary<string, object?> Removed(string type, string id, string reason = "deleted") =>
        new()
        {
            ["@odata.type"] = type,
            ["id"] = id,
            ["@removed"] = new { reason },
        };

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}
