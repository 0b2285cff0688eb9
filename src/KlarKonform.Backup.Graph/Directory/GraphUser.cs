namespace KlarKonform.Backup.Graph.Directory;

/// <summary>A user as far as sources need one.</summary>
/// <param name="Id">Directory id; never changes.</param>
/// <param name="UserPrincipalName">Sign-in name; may change.</param>
/// <param name="DisplayName">The name that people see.</param>
/// <param name="IsLicensed">Whether any licence is assigned.</param>
public sealed record GraphUser(string Id, string UserPrincipalName, string DisplayName, bool IsLicensed);
