using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace KlarKonform.Backup.DemoTenant.Http.Protocol;

/// <summary>
/// An answer on its way to the client, which tests may change: a Graph that answers a little differently. Used by one request.
/// </summary>
public sealed class DemoAnswer
{
    /// <summary>Stands in JSON texts for an unpaired first surrogate, which no JSON writer would accept.</summary>
    public const string HalfSurrogate = "\uE000half\uE000";

    /// <summary>The request's method.</summary>
    public required string Method { get; init; }

    /// <summary>
    /// The request's path: below Graph's version, with a leading slash, such as <c>/users/…/messages/delta</c>; or <c>/download/…</c> at
    /// the download host.
    /// </summary>
    public required string Path { get; init; }

    /// <summary>The request's query with its question mark, or empty.</summary>
    public required string Query { get; init; }

    /// <summary>The request's <c>Prefer</c> header, or empty.</summary>
    public required string Prefer { get; init; }

    /// <summary>Status of the answer.</summary>
    public int Status { get; set; } = 200;

    /// <summary>Body of the answer.</summary>
    public byte[] Body { get; set; } = [];

    /// <summary>The media type of <see cref="Body"/>, or null.</summary>
    public string? ContentType { get; set; }

    /// <summary>Headers to add.</summary>
    public Dictionary<string, string> Headers { get; } = [];

    /// <summary>
    /// After this many bytes of the body nothing more is sent, and the connection stays open; 0 is silence instead of headers. Null for an
    /// ordinary answer.
    /// </summary>
    public int? SilentAfter { get; set; }

    /// <summary>After this many bytes of the body the connection is cut. Null for an ordinary answer.</summary>
    public int? CutAfter { get; set; }

    /// <summary>Changes the JSON of a successful answer; other answers stay as they are.</summary>
    public void ChangeJson(Action<JsonNode> change)
    {
        if (Status is < 200 or > 299 || ContentType?.Contains("json", StringComparison.OrdinalIgnoreCase) != true || Body.Length == 0)
            return;
        // This may be the second change.
        var json = JsonNode.Parse(Encoding.UTF8.GetString(Body).Replace("\\ud83d", HalfSurrogate, StringComparison.Ordinal))!;
        change(json);
        SetJson(json);
    }

    /// <summary>Answers with this JSON.</summary>
    public void SetJson(JsonNode json)
    {
        ContentType = "application/json";
        Body = Encoding.UTF8.GetBytes(
            json.ToJsonString(new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping })
                .Replace(HalfSurrogate, "\\ud83d", StringComparison.Ordinal)
                .Replace("\\uE000half\\uE000", "\\ud83d", StringComparison.Ordinal)
        );
    }

    /// <summary>Answers with Graph's error envelope.</summary>
    public void Fail(int status, string code, string message = "Changed on purpose.")
    {
        Status = status;
        SetJson(
            new JsonObject
            {
                ["error"] = new JsonObject { ["code"] = code, ["message"] = message },
            }
        );
    }
}
