namespace KlarKonform.Backup;

/// <summary>The repository itself.</summary>
public sealed record RepositorySettings
{
    /// <summary>The password as <c>vault/name</c>.</summary>
    public required string Password { get; init; }
}
