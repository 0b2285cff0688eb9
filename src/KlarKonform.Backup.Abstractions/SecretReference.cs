namespace KlarKonform.Backup;

/// <summary>A secret's name in a SecretManagement vault. Configurations contain such names, never values.</summary>
/// <param name="Vault">The vault.</param>
/// <param name="Name">The secret's name in it.</param>
public sealed record SecretReference(string Vault, string Name)
{
    /// <summary>Reads <c>vault/name</c>; the name may contain further slashes.</summary>
    /// <exception cref="BackupException">InvalidSecretReference.</exception>
    public static SecretReference Parse(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && slash < text.Length - 1
            ? new SecretReference(text[..slash], text[(slash + 1)..])
            : throw new BackupException(ErrorIds.InvalidSecretReference, BackupErrorCategory.InvalidArgument, text, text);
    }

    /// <summary><c>vault/name</c>.</summary>
    public override string ToString() => $"{Vault}/{Name}";
}
