namespace KlarKonform.Backup;

/// <summary>Who is notified when the state of a configuration's runs changes: one notification per change, not every night.</summary>
public sealed record NotificationSettings
{
    /// <summary>The webhook's URL as <c>vault/name</c>: anyone who knows it may post there. JSON is posted.</summary>
    public string? Webhook { get; init; }

    /// <summary>The mailbox from which mails are sent, through Graph (needs Mail.Send).</summary>
    public string? MailFrom { get; init; }

    /// <summary>The recipients of the mails.</summary>
    public IReadOnlyList<string>? MailTo { get; init; }
}
