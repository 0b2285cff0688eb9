namespace KlarKonform.Backup;

/// <summary>Ways to sign in.</summary>
public enum AuthenticationMethod
{
    /// <summary>A client secret from a vault.</summary>
    ClientSecret,
}
