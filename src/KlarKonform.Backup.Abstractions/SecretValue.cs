namespace KlarKonform.Backup;

/// <summary>A secret from a vault, kept only as long as it is needed.</summary>
/// <param name="UserName">The account or access key, if the vault has a credential.</param>
/// <param name="Secret">The password, secret or key.</param>
public sealed record SecretValue(string? UserName, string Secret)
{
    /// <summary>Never the secret.</summary>
    public override string ToString() => "(secret)";
}
