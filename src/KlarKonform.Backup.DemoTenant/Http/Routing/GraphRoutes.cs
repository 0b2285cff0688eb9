using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using KlarKonform.Backup.DemoTenant.Http.Limits;
using KlarKonform.Backup.DemoTenant.Http.Protocol;

namespace KlarKonform.Backup.DemoTenant.Http.Routing;

/// <summary>
/// Graph's routes: a signed-in caller, the latency, faults requested by tests, errors in Graph's envelope, and <c>$batch</c> as
/// concepts/json-batching.md describes it.
/// </summary>
internal sealed class GraphRoutes(
    AccessTokens tokens,
    DemoTenantOptions options,
    RequestCounters counters,
    PreciseDelay delay,
    ChangedAnswers changes
)
{
    private const string Version = "/v1.0/";
    private const int MaxBatch = 20;
    private const string InBatch = "batch";
    private const string BodyItem = "body";

    // "The maximum request size is 4 MB."
    private const int MaxBody = 4 << 20;

    // This many requests of one batch reach Outlook at a time, whatever mailboxes they name.
    private const int BatchConcurrency = 4;

    private readonly List<(string Method, string[] Pattern, Func<HttpContext, RouteValues, Task> Handler)> _routes = [];

    /// <summary>How many of the next writing requests lose their answers.</summary>
    public int LoseAnswers { get; set; }

    /// <summary>Outlook's limits.</summary>
    public MailboxLimits Mailboxes { get; } = new(counters);
    private readonly UnitLimits _sharePoint = new(
        "SharePoint",
        options.SharePointUnitsPerMinute,
        TimeSpan.FromMinutes(1),
        counters,
        options.RateLimitShownFrom
    );
    private readonly UnitLimits _identity = new("Identity", options.IdentityUnitsPerTenSeconds, TimeSpan.FromSeconds(10), counters);
    private readonly Random _faults = new(options.Sizes.Seed);

    /// <summary>
    /// A request that Outlook answers for the mailbox <c>{user}</c>: it occupies a slot there until its answer is written.
    /// </summary>
    public void Outlook(
        string pattern,
        string permission,
        string kind,
        Func<HttpContext, RouteValues, Task> handler,
        string method = "GET"
    ) =>
        Add(
            method,
            pattern,
            async (context, values) =>
            {
                tokens.RequirePermission(permission, "ErrorAccessDenied");
                counters.Count(kind);
                using var place = Mailboxes.Enter(values["user"]);
                if (method != "GET")
                    await BodyAsync(context, values["user"]);
                await DelayAsync(context);
                await handler(context, values);
            }
        );

    /// <summary>A request that SharePoint answers, at its cost in resource units.</summary>
    public void SharePoint(
        string pattern,
        string permission,
        string kind,
        Func<HttpRequest, int> cost,
        Func<HttpContext, RouteValues, Task> handler,
        string method = "GET"
    ) =>
        Add(
            method,
            pattern,
            async (context, values) =>
            {
                tokens.RequirePermission(permission, "accessDenied");
                counters.Count(kind);
                _sharePoint.Charge(context, cost(context.Request));
                if (method != "GET")
                    await BodyAsync(context, null);
                await DelayAsync(context);
                await handler(context, values);
            }
        );

    /// <summary>A request that the directory answers.</summary>
    public void Identity(string pattern, string permission, string kind, Func<HttpContext, RouteValues, Task> handler) =>
        Add(
            "GET",
            pattern,
            async (context, values) =>
            {
                tokens.RequirePermission(permission, "Authorization_RequestDenied");
                counters.Count(kind);
                _identity.Charge(context, 1);
                await DelayAsync(context);
                await handler(context, values);
            }
        );

    /// <summary>The body of a writing request, read to its end before anything is done.</summary>
    public static byte[] Body(HttpContext context) => (byte[])context.Items[BodyItem]!;

    /// <summary>The body as JSON.</summary>
    public static JsonElement Json(HttpContext context)
    {
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(Body(context));
        }
        catch (JsonException)
        {
            throw new GraphErrorException(
                400,
                "BadRequest",
                "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format."
            );
        }
    }

    private async Task BodyAsync(HttpContext context, string? mailbox)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        if (body.Length > MaxBody)
            throw new GraphErrorException(413, "RequestEntityTooLarge", "The request is too large.");
        if (mailbox is not null)
            Mailboxes.Upload(mailbox, body.Length);
        context.Items[BodyItem] = body.ToArray();
    }

    private void Add(string method, string pattern, Func<HttpContext, RouteValues, Task> handler) =>
        _routes.Add((method, pattern.Split('/', StringSplitOptions.RemoveEmptyEntries), handler));

    // Inside a batch the latency to the data centre is paid once, for the batch.
    private Task DelayAsync(HttpContext context) =>
        options.Latency > TimeSpan.Zero && !context.Items.ContainsKey(InBatch) ? delay.WaitAsync(options.Latency) : Task.CompletedTask;

    public void Map(WebApplication app)
    {
        app.MapPost(Version + "$batch", (HttpContext context) => changes.PassAsync(context, "/$batch", BatchAsync));
        app.MapMethods(
            Version + "{**path}",
            ["GET", "POST", "PATCH", "PUT", "DELETE"],
            async context =>
            {
                if (!Fault(context))
                    await AnswerAsync(context);
            }
        );
    }

    // An occasional fault of the kinds that Microsoft's services show.
    private bool Fault(HttpContext context)
    {
        if (options.FaultRate <= 0)
            return false;
        int kind;
        lock (_faults)
        {
            if (_faults.NextDouble() >= options.FaultRate)
                return false;
            kind = _faults.Next(4);
        }

        counters.Count("fault");
        switch (kind)
        {
            case 0:
                context.Abort();
                break;
            case 1:
                context.Response.StatusCode = 503; // With an empty body.
                break;
            case 2:
                context.Response.StatusCode = 429;
                context.Response.Headers.RetryAfter = "1";
                break;
            default:
                context.Response.StatusCode = 504;
                break;
        }

        return true;
    }

    private Task AnswerAsync(HttpContext context) =>
        changes.PassAsync(context, context.Request.Path.Value![(Version.Length - 1)..], MakeAnswerAsync);

    private async Task MakeAnswerAsync(HttpContext context)
    {
        try
        {
            context.Response.Headers["request-id"] = Guid.NewGuid().ToString();
            tokens.Require(context.Request);
            if (!Find(context.Request.Method, context.Request.Path.Value!, out var handler, out var values))
                throw new GraphErrorException(400, "BadRequest", $"Resource not found for the segment '{context.Request.Path}'.");
            await handler(context, new RouteValues(values));
            if (LoseAnswers > 0 && context.Request.Method != "GET")
            {
                // It was carried out, but no one gets the answer.
                LoseAnswers--;
                context.Abort();
            }
        }
        catch (GraphErrorException error)
        {
            context.Response.StatusCode = error.Status;
            if (error.RetryAfterSeconds is { } seconds)
                context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
            if (error.Location is { } location)
                context.Response.Headers.Location = location;
            await context.Response.WriteAsJsonAsync(error.Body);
        }
        catch (Exception mistake) when (mistake is not OperationCanceledException and not IOException)
        {
            // A defect of the stand-in must not look like one of the service's weaknesses that clients tolerate.
            counters.Violate($"{context.Request.Method} {context.Request.Path}: {mistake.GetType().Name}: {mistake.Message}");
            context.Response.StatusCode = 400;
            await context.Response.WriteAsJsonAsync(new GraphErrorException(400, "BadRequest", mistake.Message).Body);
        }
    }

    private bool Find(
        string method,
        string path,
        [NotNullWhen(true)] out Func<HttpContext, RouteValues, Task>? handler,
        out Dictionary<string, string> values
    )
    {
        var segments = path[Version.Length..].Split('/', StringSplitOptions.RemoveEmptyEntries);
        foreach (var (wanted, pattern, each) in _routes)
        {
            if (wanted != method || pattern.Length != segments.Length)
                continue;
            values = [];
            var matches = true;
            for (var i = 0; i < pattern.Length && matches; i++)
            {
                if (pattern[i][0] == '{' && pattern[i][^1] == ':')
                {
                    // items/{id}:/{name}: is a path below an item.
                    matches = segments[i].EndsWith(':');
                    values[pattern[i][1..^2]] = segments[i][..^(matches ? 1 : 0)];
                }
                else if (pattern[i][0] == '{')
                {
                    values[pattern[i][1..^1]] = segments[i];
                }
                else
                    matches = string.Equals(pattern[i], segments[i], StringComparison.OrdinalIgnoreCase);
            }

            if (matches)
            {
                handler = each;
                return true;
            }
        }

        (handler, values) = (null, []);
        return false;
    }

    private async Task BatchAsync(HttpContext context)
    {
        counters.Count("batch");
        if (options.Latency > TimeSpan.Zero)
            await delay.WaitAsync(options.Latency);
        if (Fault(context))
            return;
        using var body = await JsonDocument.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
        var requests = body.RootElement.GetProperty("requests").EnumerateArray().ToArray();
        if (requests.Length > MaxBatch)
        {
            context.Response.StatusCode = 400;
            await context.Response.WriteAsJsonAsync(
                new GraphErrorException(400, "BadRequest", $"Number of batch request steps exceeds the max value of {MaxBatch}.").Body
            );
            return;
        }

        using var places = new SemaphoreSlim(BatchConcurrency);
        var responses = await Task.WhenAll(
            requests.Select(async request =>
            {
                await places.WaitAsync(context.RequestAborted);
                try
                {
                    return await InnerAsync(context, request);
                }
                finally
                {
                    places.Release();
                }
            })
        );

        // Bodies are passed on unchanged: no JSON writer would accept some of what tests put into them.
        context.Response.ContentType = "application/json; charset=utf-8";
        await context.Response.WriteAsync($"{{\"responses\":[{string.Join(',', responses)}]}}");
    }

    private async Task<string> InnerAsync(HttpContext outer, JsonElement request)
    {
        var target = request.GetProperty("url").GetString()!.Split('?', 2);
        var inner = new DefaultHttpContext { RequestServices = outer.RequestServices, Items = { [InBatch] = true } };
        inner.Request.Method = request.GetProperty("method").GetString()!;
        inner.Request.Path = Version + Uri.UnescapeDataString(target[0].TrimStart('/'));
        inner.Request.QueryString = new QueryString(target.Length > 1 ? "?" + target[1] : "");
        inner.Request.Headers.Authorization = outer.Request.Headers.Authorization;
        if (request.TryGetProperty("headers", out var headers))
        {
            foreach (var header in headers.EnumerateObject())
                inner.Request.Headers[header.Name] = header.Value.GetString();
        }

        using var body = new MemoryStream();
        inner.Response.Body = body;
        await AnswerAsync(inner);
        var json = inner.Response.ContentType?.Contains("json", StringComparison.Ordinal) == true;
        var answer = JsonSerializer.Serialize(
            new Dictionary<string, object?>
            {
                ["id"] = request.GetProperty("id").GetString(),
                ["status"] = inner.Response.StatusCode,
                ["headers"] = inner
                    .Response.Headers.Where(header => header.Key != "request-id")
                    .ToDictionary(header => header.Key, header => header.Value.ToString()),
            }
        );
        return $"{answer[..^1]},\"body\":"
            + $"{(json ? Encoding.UTF8.GetString(body.ToArray()) : JsonSerializer.Serialize(Convert.ToBase64String(body.ToArray())))}}}";
    }
}
