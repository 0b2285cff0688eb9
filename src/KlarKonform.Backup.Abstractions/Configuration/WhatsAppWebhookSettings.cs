namespace KlarKonform.Backup;

/// <summary>Webhooks from Meta's Cloud API.</summary>
public sealed record WhatsAppWebhookSettings
{
    /// <summary>
    /// Where webhooks wait for the next run: the receiver's spool, or a place where another program's receiver puts raw bodies.
    /// </summary>
    public required TargetSettings Spool { get; init; }

    /// <summary>The app's secret as <c>vault/name</c>: the receiver checks signatures with it.</summary>
    public string? AppSecret { get; init; }

    /// <summary>The token that Meta repeats when the webhook is registered, as <c>vault/name</c>.</summary>
    public string? VerifyToken { get; init; }

    /// <summary>A system user's token with whatsapp_business_messaging as <c>vault/name</c>, used to download media.</summary>
    public string? AccessToken { get; init; }

    /// <summary>Whether to download media. Null: yes.</summary>
    public bool? Media { get; init; }

    /// <summary>Meta's Graph endpoint with its version; null for the version known to work.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>A PEM file with additional trusted root certificates for it; null means the tenant's.</summary>
    public string? CaCertificate { get; init; }
}
