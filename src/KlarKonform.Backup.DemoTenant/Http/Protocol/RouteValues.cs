namespace KlarKonform.Backup.DemoTenant.Http.Protocol;

/// <summary>The variable parts of a request's path.</summary>
internal readonly struct RouteValues(IReadOnlyDictionary<string, string> values)
{
    public string this[string name] => values[name];
}
