namespace KlarKonform.Backup.DemoTenant.Model;

/// <summary>A sharing link, or a grant to a person if it has no scope.</summary>
public sealed record DemoPermission(string Id, string Role, string? LinkScope, string? Person);
