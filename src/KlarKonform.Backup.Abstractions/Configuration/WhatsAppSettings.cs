namespace KlarKonform.Backup;

/// <summary>WhatsApp chats of the business: exports that users drop at a place, and webhooks from Meta's Cloud API.</summary>
public sealed record WhatsAppSettings
{
    /// <summary>The places where exported chats are dropped, and whose chats they are.</summary>
    public IReadOnlyList<WhatsAppExportSettings>? Exports { get; init; }

    /// <summary>The Cloud API, or null.</summary>
    public WhatsAppWebhookSettings? Webhooks { get; init; }

    /// <summary>What happens to messages that their authors delete. Null: they stay.</summary>
    public DeletedMessagesPolicy? DeletedMessages { get; init; }

    /// <summary>The vault names of every secret that chats need.</summary>
    internal IEnumerable<string?> SecretNames() =>
        (Exports ?? [])
            .Select(export => export.Location)
            .Append(Webhooks?.Spool)
            .SelectMany(location => new[] { location?.Credential, location?.PrivateKey, location?.PrivateKeyPassphrase })
            .Concat([Webhooks?.AppSecret, Webhooks?.VerifyToken, Webhooks?.AccessToken]);
}
