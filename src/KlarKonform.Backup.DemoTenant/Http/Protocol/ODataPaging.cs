using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;

namespace KlarKonform.Backup.DemoTenant.Http.Protocol;

/// <summary>Page sizes, skip and delta tokens, <c>$select</c>.</summary>
internal static class ODataPaging
{
    /// <summary>The page size: <c>Prefer: odata.maxpagesize</c>, otherwise <c>$top</c>, otherwise the default.</summary>
    public static int PageSize(HttpRequest request, int normal, int max)
    {
        foreach (var part in request.Headers["Prefer"].SelectMany(value => (value ?? "").Split(',')))
        {
            if (
                part.Trim().StartsWith("odata.maxpagesize=", StringComparison.OrdinalIgnoreCase)
                && int.TryParse(part.Trim()["odata.maxpagesize=".Length..], CultureInfo.InvariantCulture, out var size)
            )
                return Math.Clamp(size, 1, max);
        }

        return int.TryParse(request.Query["$top"], CultureInfo.InvariantCulture, out var top) ? Math.Clamp(top, 1, max) : normal;
    }

    public static bool Prefers(HttpRequest request, string preference) =>
        request.Headers["Prefer"].Any(value => value is not null && value.Contains(preference, StringComparison.OrdinalIgnoreCase));

    /// <summary>Keeps the selected properties, and those that Graph always sends.</summary>
    public static Dictionary<string, object?> Select(Dictionary<string, object?> item, string? select)
    {
        if (string.IsNullOrEmpty(select))
            return item;
        var wanted = select.Split(',', StringSplitOptions.TrimEntries).ToHashSet(StringComparer.Ordinal);
        return item.Where(pair =>
                pair.Key is "id" or "singleValueExtendedProperties" || pair.Key.StartsWith('@') || wanted.Contains(pair.Key.Split('@')[0])
            )
            .ToDictionary(pair => pair.Key, pair => pair.Value);
    }

    /// <summary>Adds the extended property that <c>$expand=singleValueExtendedProperties($filter=id eq '…')</c> requests.</summary>
    public static Dictionary<string, object?> Expand(
        Dictionary<string, object?> item,
        IReadOnlyDictionary<string, string> extended,
        HttpRequest request
    )
    {
        var expand = request.Query["$expand"].ToString();
        const string begin = "singleValueExtendedProperties($filter=id eq '";
        if (
            expand.StartsWith(begin, StringComparison.Ordinal)
            && expand[begin.Length..].Split('\'')[0] is var id
            && extended.TryGetValue(id, out var value)
        )
            item["singleValueExtendedProperties"] = new[] { new { id, value } };
        return item;
    }

    public static string Encode(string token) => WebEncoders.Base64UrlEncode(Encoding.UTF8.GetBytes(token));

    public static string Decode(string token)
    {
        try
        {
            return Encoding.UTF8.GetString(WebEncoders.Base64UrlDecode(token));
        }
        catch (FormatException)
        {
            throw new GraphErrorException(400, "BadRequest", "The token is not valid.");
        }
    }
}
