namespace KlarKonform.Backup;

/// <summary>How the app signs in.</summary>
public sealed record AuthenticationSettings
{
    /// <summary>ClientSecret; further methods follow.</summary>
    public AuthenticationMethod Method { get; init; }

    /// <summary>The secret as <c>vault/name</c>.</summary>
    public string? Secret { get; init; }
}
