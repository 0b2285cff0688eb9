using System.Text.Json;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Graph.Mail;

/// <summary>Writes mail into one mailbox, for a restore. Thread-safe.</summary>
public sealed class MailWriter(GraphClient client, string mailbox)
{
    /// <summary>The application permission for everything here.</summary>
    public const string Permission = "Mail.ReadWrite";

    /// <summary>
    /// Maximum size in bytes of a request that Graph accepts ("4 MB per request"), with room for what surrounds the body.
    /// </summary>
    public const int MaxRequest = 3_900_000;

    private const int PageSize = 1000;

    private readonly OutlookWriter _outlook = new(client, mailbox, Permission);

    /// <summary>Creates a folder.</summary>
    /// <param name="parent">The folder above it, or null for the mailbox's visible root.</param>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>Its id.</returns>
    public Task<string> CreateFolderAsync(string? parent, string name, CancellationToken cancellationToken) =>
        _outlook.CreateAsync(
            parent is null ? $"/users/{mailbox}/mailFolders" : $"/users/{mailbox}/mailFolders/{Uri.EscapeDataString(parent)}/childFolders",
            JsonSerializer.SerializeToUtf8Bytes(new { displayName = name }),
            cancellationToken
        );

    /// <summary>What distinguishes messages of a folder: Message-ID, time, subject.</summary>
    public IAsyncEnumerable<DeltaPage> MessagesAsync(string folder, CancellationToken cancellationToken) =>
        DeltaReader.ReadAsync(
            client,
            _outlook.Request(
                $"/users/{mailbox}/mailFolders/{Uri.EscapeDataString(folder)}/messages?$select=id,internetMessageId,subject,"
                    + $"receivedDateTime,isDraft"
            ),
            PageSize,
            PageKind.Listing,
            cancellationToken
        );

    /// <summary>Creates a message.</summary>
    /// <returns>Its id.</returns>
    /// <exception cref="GraphException"><see cref="GraphErrorKind.Unreachable"/>: it may exist nevertheless.</exception>
    public Task<string> CreateAsync(string folder, byte[] json, CancellationToken cancellationToken) =>
        _outlook.CreateAsync($"/users/{mailbox}/mailFolders/{Uri.EscapeDataString(folder)}/messages", json, cancellationToken);

    /// <summary>Adds a file to a message.</summary>
    public Task AttachAsync(string message, OutlookAttachment attachment, CancellationToken cancellationToken) =>
        new OutlookAttachments(client, _outlook.Scope, Permission).AddAsync(
            $"/users/{mailbox}/messages/{Uri.EscapeDataString(message)}",
            attachment,
            cancellationToken
        );

    /// <summary>Deletes a message permanently: one that we created and could not complete.</summary>
    public Task DeleteAsync(string message, CancellationToken cancellationToken) =>
        client.PerformAsync(
            _outlook.Request($"/users/{mailbox}/messages/{Uri.EscapeDataString(message)}") with
            {
                Method = HttpMethod.Delete,
            },
            cancellationToken
        );
}
