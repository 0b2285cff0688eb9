namespace KlarKonform.Backup;

/// <summary>Who is told when the state of a configuration's runs changes: once a change, not every night.</summary>
public sealed record NotificationSettings
{
    /// <summary>The webhook's address as <c>vault/name</c>: whoever knows it may post there. JSON is posted.</summary>
    public string? Webhook { get; init; }

    /// <summary>The mailbox that mails are sent from, through Graph (needs Mail.Send).</summary>
    public string? MailFrom { get; init; }

    /// <summary>Where mails go.</summary>
    public IReadOnlyList<string>? MailTo { get; init; }
}
