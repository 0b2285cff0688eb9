using System.Text.Json;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Governing;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Graph.Mail;

/// <summary>Writes mail into one mailbox, for a restore. Thread-safe.</summary>
public sealed class MailWriter(GraphClient client, string mailbox)
{
    /// <summary>The application permission for everything here.</summary>
    public const string Permission = "Mail.ReadWrite";

    /// <summary>Bytes of a request that Graph takes at most ("4 MB per request"), with room for what surrounds the body.</summary>
    public const int MaxRequest = 3_900_000;

    private const int PageSize = 1000;

    private readonly GraphScope _scope = GraphScope.Mailbox(mailbox);

    /// <summary>Makes a folder.</summary>
    /// <param name="parent">The folder above it, or null for the mailbox's visible root.</param>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Its id.</returns>
    public async Task<string> CreateFolderAsync(string? parent, string name, CancellationToken cancellationToken)
    {
        var path = parent is null ? $"/users/{mailbox}/mailFolders" : $"/users/{mailbox}/mailFolders/{Uri.EscapeDataString(parent)}/childFolders";
        using var created = await client.GetJsonAsync(Request(path) with { Body = JsonSerializer.SerializeToUtf8Bytes(new { displayName = name }), IsCreation = true }, cancellationToken).ConfigureAwait(false);
        return created.RootElement.GetProperty("id").GetString()!;
    }

    /// <summary>What tells messages of a folder apart: Message-ID, time, subject.</summary>
    public IAsyncEnumerable<DeltaPage> MessagesAsync(string folder, CancellationToken cancellationToken) => DeltaReader.ReadAsync(client,
        Request($"/users/{mailbox}/mailFolders/{Uri.EscapeDataString(folder)}/messages?$select=id,internetMessageId,subject,receivedDateTime,isDraft"), PageSize, cancellationToken);

    /// <summary>Makes a message.</summary>
    /// <returns>Its id.</returns>
    /// <exception cref="GraphException"><see cref="GraphErrorKind.Unreachable"/>: it may be there all the same.</exception>
    public async Task<string> CreateAsync(string folder, byte[] json, CancellationToken cancellationToken)
    {
        await client.Governor.WriteAsync(_scope, json.Length, cancellationToken).ConfigureAwait(false);
        using var created = await client.GetJsonAsync(Request($"/users/{mailbox}/mailFolders/{Uri.EscapeDataString(folder)}/messages") with { Body = json, IsCreation = true }, cancellationToken).ConfigureAwait(false);
        return created.RootElement.GetProperty("id").GetString()!;
    }

    /// <summary>Adds a file to a message.</summary>
    public Task AttachAsync(string message, OutlookAttachment attachment, CancellationToken cancellationToken) =>
        new OutlookAttachments(client, _scope, Permission).AddAsync($"/users/{mailbox}/messages/{Uri.EscapeDataString(message)}", attachment, cancellationToken);

    /// <summary>Takes a message away for good: one of our own making that could not be finished.</summary>
    public Task DeleteAsync(string message, CancellationToken cancellationToken) =>
        client.PerformAsync(Request($"/users/{mailbox}/messages/{Uri.EscapeDataString(message)}") with { Method = HttpMethod.Delete }, cancellationToken);

    private GraphRequest Request(string path) => new(_scope, client.Address(path)) { Permission = Permission, Prefer = OutlookPreferences.ImmutableIds };
}
