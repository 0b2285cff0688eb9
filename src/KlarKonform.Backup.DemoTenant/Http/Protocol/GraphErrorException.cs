namespace KlarKonform.Backup.DemoTenant.Http.Protocol;

/// <summary>Ends a request with Graph's error envelope.</summary>
public sealed class GraphErrorException(int status, string code, string message, string? innerCode = null) : Exception(message)
{
    public int Status => status;

    public object Body =>
        new
        {
            error = new Dictionary<string, object?>
            {
                ["code"] = code,
                ["message"] = Message,
                ["innerError"] = new Dictionary<string, object?>
                {
                    ["code"] = innerCode,
                    ["date"] = DateTimeOffset.UtcNow.ToString("yyyy-MM-ddTHH:mm:ss", System.Globalization.CultureInfo.InvariantCulture),
                    ["request-id"] = Guid.NewGuid().ToString(),
                },
            },
        };

    public int? RetryAfterSeconds { get; init; }

    /// <summary>For 410: where to start reading again.</summary>
    public string? Location { get; init; }
}
