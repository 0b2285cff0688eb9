namespace KlarKonform.Backup.Storage.S3;

/// <summary>An access key. Its text form hides the secret.</summary>
/// <param name="AccessKey">The access key id.</param>
/// <param name="SecretKey">The secret access key.</param>
public sealed record S3Credentials(string AccessKey, string SecretKey)
{
    /// <inheritdoc />
    public override string ToString() => $"{AccessKey}:***";
}
