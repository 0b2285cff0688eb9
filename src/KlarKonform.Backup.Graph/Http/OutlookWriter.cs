using KlarKonform.Backup.Graph.Governing;

namespace KlarKonform.Backup.Graph.Http;

/// <summary>What writers of one mailbox share: their requests, and creating things for which Outlook returns an id. Thread-safe.</summary>
internal sealed class OutlookWriter(GraphClient client, string mailbox, string permission)
{
    public GraphScope Scope { get; } = GraphScope.Mailbox(mailbox);

    public GraphRequest Request(string path) =>
        new(Scope, client.Address(path)) { Permission = permission, Prefer = OutlookPreferences.ImmutableIds };

    /// <summary>Creates something, within the mailbox's upload quota.</summary>
    /// <returns>Its id.</returns>
    /// <exception cref="GraphException"><see cref="GraphErrorKind.Unreachable"/>: it may exist nevertheless.</exception>
    public async Task<string> CreateAsync(string path, byte[] json, CancellationToken cancellationToken)
    {
        await client.Governor.WriteAsync(Scope, json.Length, cancellationToken).ConfigureAwait(false);
        using var created = await client
            .GetJsonAsync(Request(path) with { Body = json, IsCreation = true }, cancellationToken)
            .ConfigureAwait(false);
        return created.RootElement.GetProperty("id").GetString()!;
    }
}
