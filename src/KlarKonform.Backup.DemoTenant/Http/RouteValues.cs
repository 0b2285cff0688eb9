namespace KlarKonform.Backup.DemoTenant.Http;

/// <summary>The variable parts of a request's path.</summary>
internal readonly struct RouteValues(HttpContext context)
{
    public string this[string name] => (string)context.Request.RouteValues[name]!;
}
