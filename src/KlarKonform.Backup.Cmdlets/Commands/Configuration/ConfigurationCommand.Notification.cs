using System.Management.Automation;
using System.Security;
using KlarKonform.Backup.Cmdlets.Completion;

namespace KlarKonform.Backup.Cmdlets.Commands.Configuration;

/// <content>Who is notified when the state of the runs changes.</content>
public abstract partial class ConfigurationCommand
{
    /// <summary>The webhook's URL; stored in the vault at once.</summary>
    [Parameter]
    public SecureString? Webhook { get; set; }

    /// <summary>The name of the webhook's URL as vault/name.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(SecretNameCompleter))]
    public string? WebhookName { get; set; }

    /// <summary>The mailbox from which mails are sent.</summary>
    [Parameter]
    public string? NotifyFrom { get; set; }

    /// <summary>The recipients of the mails.</summary>
    [Parameter]
    public string[]? NotifyTo { get; set; }

    private NotificationSettings? ApplyNotification(NotificationSettings? present, Func<string, object?, string?, string?, string?> secret)
    {
        // An empty name, or an empty list, removes a channel.
        static string? Kept(string? value) => string.IsNullOrEmpty(value) ? null : value;
        var settings = new NotificationSettings
        {
            Webhook = Kept(secret("Webhook", Webhook, WebhookName, present?.Webhook)),
            MailFrom = Kept(NotifyFrom ?? present?.MailFrom),
            MailTo = (NotifyTo ?? present?.MailTo) is { Count: > 0 } to ? to : null,
        };
        return settings == new NotificationSettings() ? null : settings;
    }
}
