namespace KlarKonform.Backup;

/// <summary>A secret out of a vault, for as short a time as it is needed.</summary>
/// <param name="UserName">The account or access key, where the vault holds a credential.</param>
/// <param name="Secret">The password, secret or key.</param>
public sealed record SecretValue(string? UserName, string Secret)
{
    /// <summary>Never the secret.</summary>
    public override string ToString() => "(secret)";
}
