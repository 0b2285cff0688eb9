using System.Text.Json;
using KlarKonform.Backup.Graph.Governing;

namespace KlarKonform.Backup.Graph.Http;

/// <summary>Adds attachments to messages and events: small ones in one request, larger ones in pieces.</summary>
/// <param name="client">Access to Graph.</param>
/// <param name="scope">The mailbox.</param>
/// <param name="permission">The permission that it needs.</param>
public sealed class OutlookAttachments(GraphClient client, GraphScope scope, string permission)
{
    /// <summary>Up to this many bytes an attachment fits into one request (api-reference: less than 3 MB).</summary>
    public const int MaxInline = 3_000_000 - (256 * 1024);

    /// <summary>Graph's maximum (attachment-createuploadsession: 150 MB).</summary>
    public const long MaxSize = 150_000_000;

    // At most 4 MB each; multiples of 320 KiB are accepted everywhere.
    private const int PieceSize = 10 * 320 * 1024;

    /// <summary>Adds a file.</summary>
    /// <param name="item">Path of the message or event.</param>
    /// <param name="attachment">The file.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task AddAsync(string item, OutlookAttachment attachment, CancellationToken cancellationToken)
    {
        if (attachment.Content.Length <= MaxInline)
        {
            var body = JsonSerializer.SerializeToUtf8Bytes(attachment.ToJson());
            await client.Governor.WriteAsync(scope, body.Length, cancellationToken).ConfigureAwait(false);
            await client.PerformAsync(Request($"{item}/attachments", body), cancellationToken).ConfigureAwait(false);
            return;
        }

        using var session = await client
            .GetJsonAsync(
                Request(
                    $"{item}/attachments/createUploadSession",
                    JsonSerializer.SerializeToUtf8Bytes(
                        new
                        {
                            AttachmentItem = new
                            {
                                attachmentType = "file",
                                name = attachment.Name,
                                size = attachment.Content.Length,
                                contentType = attachment.ContentType,
                                isInline = attachment.IsInline,
                                contentId = attachment.ContentId,
                            },
                        }
                    )
                ),
                cancellationToken
            )
            .ConfigureAwait(false);
        using var content = new MemoryStream(attachment.Content, writable: false);
        await new UploadSession(client, new Uri(session.RootElement.GetProperty("uploadUrl").GetString()!), scope, PieceSize)
            .SendAsync(content, content.Length, cancellationToken)
            .ConfigureAwait(false);
    }

    private GraphRequest Request(string path, byte[] body) =>
        new(scope, client.Address(path))
        {
            Permission = permission,
            Prefer = OutlookPreferences.ImmutableIds,
            Body = body,
            IsCreation = true,
        };
}
