using System.Text.Json;

namespace KlarKonform.Backup.Graph.Http;

/// <summary>The response to one request of a batch: a body, or why there is none.</summary>
public sealed class BatchAnswer
{
    internal BatchAnswer(JsonElement body, GraphException? failure)
    {
        Body = body;
        Failure = failure;
    }

    /// <summary>The JSON body; anything else arrives as a base64 string.</summary>
    public JsonElement Body { get; }

    /// <summary>Null for success.</summary>
    public GraphException? Failure { get; }

    /// <summary>A body that is a JSON object, as for every item in Graph.</summary>
    /// <exception cref="GraphException">The request failed, or the response is not an object.</exception>
    public JsonElement Item =>
        Failure is { } failure ? throw failure
        : Body.ValueKind == JsonValueKind.Object ? Body
        : throw new GraphException(
            GraphErrorKind.Unreachable,
            null,
            GraphException.BrokenAnswer,
            "The batch holds an answer that is no JSON object."
        );

    /// <summary>A body that is not JSON.</summary>
    /// <exception cref="GraphException">The response is not that.</exception>
    public byte[] Bytes =>
        Body.ValueKind == JsonValueKind.String && Body.TryGetBytesFromBase64(out var bytes)
            ? bytes
            : throw new GraphException(
                GraphErrorKind.Other,
                null,
                GraphException.BrokenAnswer,
                "The batch holds an answer that is no base64."
            );
}
