using System.Collections.Concurrent;
using System.Globalization;
using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.DemoTenant.Http.Protocol;

/// <summary>
/// Delta as SharePoint's services page it (api-reference/v1.0/api/driveitem-delta.md): an opaque <c>token</c>, a round over what existed
/// when it began, 410 with a fresh link for a token that is too old.
/// </summary>
internal sealed class TokenPages(DemoTenantModel tenant, string graph)
{
    private const int MaxRounds = 64;

    // The ids that a round covers; what is deleted meanwhile must not shift its pages.
    private readonly ConcurrentDictionary<(string Path, long From, long Start), IReadOnlyList<string>> _rounds = new();

    /// <summary>Graph's address.</summary>
    public string Graph => graph;

    /// <summary>Tokens older than this change are answered with 410; tests advance it.</summary>
    public long OldestToken { get; set; }

    /// <summary>What the 410 requests.</summary>
    public string ResyncMode { get; set; } = "resyncChangesApplyDifferences";

    /// <summary>A page; call it under the tenant's lock.</summary>
    /// <param name="request">The request.</param>
    /// <param name="path">The path of the delta function.</param>
    /// <param name="normal">Entries per page unless <c>$top</c> says otherwise.</param>
    /// <param name="all">Every id.</param>
    /// <param name="changes">Which ids changed when.</param>
    /// <param name="json">Returns an entry; null leaves it out.</param>
    public Dictionary<string, object?> Page(
        HttpRequest request,
        string path,
        int normal,
        Func<IReadOnlyList<string>> all,
        ChangeLog changes,
        Func<string, object?> json
    )
    {
        var (from, start, skip) = (0L, tenant.Sequence, 0);
        if (request.Query.TryGetValue("token", out var token) && token.ToString() is { Length: > 0 } text)
        {
            var parts = ODataPaging.Decode(text).Split('|');
            from = long.Parse(parts[0], CultureInfo.InvariantCulture);
            if (from > 0 && from < OldestToken)
                throw new GraphErrorException(
                    410,
                    "resyncRequired",
                    "Resync required. Replace any local items with the server's version.",
                    ResyncMode
                )
                {
                    Location = graph + path,
                };
            if (parts.Length > 1)
                (start, skip) = (long.Parse(parts[1], CultureInfo.InvariantCulture), int.Parse(parts[2], CultureInfo.InvariantCulture));
        }

        var key = (path, from, start);
        if (_rounds.Count > MaxRounds)
            _rounds.Clear();
        var ids = _rounds.GetOrAdd(key, _ => from == 0 ? all() : changes.Since(from));
        var size = ODataPaging.PageSize(request, normal, 5000);
        var value = new List<object>(size);
        for (var i = skip; i < Math.Min(skip + size, ids.Count); i++)
        {
            if (json(ids[i]) is { } entry)
                value.Add(entry);
        }

        var last = skip + size >= ids.Count;
        if (last)
            _rounds.TryRemove(key, out _);
        var options = string.Concat(
            request
                .Query.Where(pair => pair.Key is "$top" or "$expand" or "$select")
                .Select(pair => $"&{pair.Key}={Uri.EscapeDataString(pair.Value.ToString())}")
        );
        return new Dictionary<string, object?>
        {
            ["@odata.context"] = $"{graph}/$metadata#Collection(item)",
            ["value"] = value,
            [last ? "@odata.deltaLink" : "@odata.nextLink"] =
                $"{graph}{path}?token={ODataPaging.Encode(last ? $"{start}" : $"{from}|{start}|{skip + size}")}{options}",
        };
    }
}
