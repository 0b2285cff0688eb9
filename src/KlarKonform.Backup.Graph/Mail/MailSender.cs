using System.Text.Json;
using KlarKonform.Backup.Graph.Governing;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Graph.Mail;

/// <summary>Sends mails from one mailbox (user-sendmail).</summary>
public sealed class MailSender(GraphClient client, string mailbox)
{
    /// <summary>The application permission for it.</summary>
    public const string Permission = "Mail.Send";

    /// <summary>Sends a plain-text mail; it is not kept in the sent items.</summary>
    public Task SendAsync(IEnumerable<string> to, string subject, string text, CancellationToken cancellationToken) =>
        client.PerformAsync(
            new GraphRequest(GraphScope.Mailbox(mailbox), client.Address($"/users/{Uri.EscapeDataString(mailbox)}/sendMail"))
            {
                Permission = Permission,
                IsCreation = true,
                Body = JsonSerializer.SerializeToUtf8Bytes(
                    new
                    {
                        message = new
                        {
                            subject,
                            body = new { contentType = "text", content = text },
                            toRecipients = to.Select(address => new { emailAddress = new { address } }),
                        },
                        saveToSentItems = false,
                    }
                ),
            },
            cancellationToken
        );
}
