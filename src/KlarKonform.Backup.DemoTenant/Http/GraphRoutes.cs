namespace KlarKonform.Backup.DemoTenant.Http;

/// <summary>Graph's routes: a signed-in caller, the latency, and errors in Graph's envelope.</summary>
internal sealed class GraphRoutes(WebApplication app, AccessTokens tokens, TimeSpan latency)
{
    public void Get(string pattern, Func<HttpContext, RouteValues, Task> handler) => app.MapGet("/v1.0" + pattern, async context =>
    {
        try
        {
            context.Response.Headers["request-id"] = Guid.NewGuid().ToString();
            if (latency > TimeSpan.Zero)
                await Task.Delay(latency, context.RequestAborted);
            tokens.Require(context.Request);
            await handler(context, new RouteValues(context));
        }
        catch (GraphErrorException error)
        {
            context.Response.StatusCode = error.Status;
            if (error.RetryAfterSeconds is { } seconds)
                context.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
            if (error.Location is { } location)
                context.Response.Headers.Location = location;
            await context.Response.WriteAsJsonAsync(error.Body);
        }
    });
}
