using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;

namespace KlarKonform.Backup.Storage.S3;

/// <summary>
/// Reads listings page by page, and trusts no page that contradicts the protocol, itself or the pages before: taking an interrupted listing
/// for a complete one means taking existing objects for missing. Thread-safe.
/// </summary>
/// <param name="client">The client.</param>
/// <param name="options">Bucket and page size.</param>
/// <param name="location">The store's location, for messages.</param>
internal sealed class S3Listing(AmazonS3Client client, S3StoreOptions options, string location)
{
    /// <summary>All keys that begin with a prefix.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorKind.InvalidAnswer"/> or what S3 throws.</exception>
    public async IAsyncEnumerable<S3Object> ReadAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        var tokens = new HashSet<string>(StringComparer.Ordinal);
        string? token = null;
        string? marker = null;
        while (true)
        {
            var page = await PageAsync(prefix, token, marker, cancellationToken).ConfigureAwait(false);
            foreach (var item in page.Objects)
            {
                if (!item.Key.StartsWith(prefix, StringComparison.Ordinal))
                    throw Contradiction(prefix, $"names '{item.Key}', for which it was not asked");
                if (item.Key == marker)
                    continue; // Some servers begin with the marker itself.
                if (!keys.Add(item.Key))
                    throw Contradiction(prefix, $"names '{item.Key}' twice");
                if (item.Key[^1] != '/') // An object that consoles show as a folder.
                    yield return item.Size is null ? throw Contradiction(prefix, $"names no size of '{item.Key}'") : item;
            }

            if (!page.IsTruncated)
                yield break;
            if (page.Token is { Length: > 0 } next)
            {
                token = tokens.Add(next) ? next : throw Contradiction(prefix, "goes on where it was before");
                continue;
            }

            // Version 1, although version 2 was requested: continue after the last key. Version 2 always has a token, so a version 2
            // response without one means a failure at the server.
            if (!page.IsVersion1 || page.Objects.Count == 0)
                throw Contradiction(prefix, "says that it goes on, and not where");
            var last = page.Marker ?? page.Objects[^1].Key;
            marker = last != marker ? last : throw Contradiction(prefix, "goes on where it was before");
        }
    }

    /// <summary>
    /// Reads one page of at most one key, which proves endpoint, credentials, bucket, permission, and that an S3 server answers.
    /// </summary>
    public async Task ProbeAsync(string prefix, CancellationToken cancellationToken) =>
        await PageAsync(prefix, null, null, cancellationToken, most: 1).ConfigureAwait(false);

    private async Task<Page> PageAsync(string prefix, string? token, string? marker, CancellationToken cancellationToken, int? most = null)
    {
        try
        {
            return marker is null ? await Version2Async().ConfigureAwait(false) : await Version1Async().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            throw S3Errors.Translate(exception, location, null);
        }

        async Task<Page> Version2Async()
        {
            var request = new ListObjectsV2Request
            {
                BucketName = options.Bucket,
                Prefix = prefix,
                ContinuationToken = token,
            };
            if ((most ?? options.PageSize) is { } count)
                request.MaxKeys = count;
            var answer = await client.ListObjectsV2Async(request, cancellationToken).ConfigureAwait(false);
            var objects = answer.S3Objects ?? [];

            // An error, an HTML page or an empty body with status 200 is parsed as a listing without keys.
            if (answer.IsTruncated is null && answer.KeyCount is null && string.IsNullOrEmpty(answer.Name) && objects.Count == 0)
                throw Contradiction(prefix, "is none");
            return new Page(objects, answer.IsTruncated == true, answer.NextContinuationToken, null, IsVersion1: answer.KeyCount is null);
        }

        async Task<Page> Version1Async()
        {
            var request = new ListObjectsRequest
            {
                BucketName = options.Bucket,
                Prefix = prefix,
                Marker = marker,
            };
            if (options.PageSize is { } count)
                request.MaxKeys = count;
            var answer = await client.ListObjectsAsync(request, cancellationToken).ConfigureAwait(false);
            var objects = answer.S3Objects ?? [];
            if (answer.IsTruncated is null && string.IsNullOrEmpty(answer.Name) && objects.Count == 0)
                throw Contradiction(prefix, "is none");
            var next = string.IsNullOrEmpty(answer.NextMarker) ? null : answer.NextMarker;
            return new Page(objects, answer.IsTruncated == true, null, next, IsVersion1: true);
        }
    }

    private StorageException Contradiction(string prefix, string what) =>
        S3Errors.Contradiction(location, null, $"The server's listing of '{prefix}' {what}.");

    private sealed record Page(IReadOnlyList<S3Object> Objects, bool IsTruncated, string? Token, string? Marker, bool IsVersion1);
}
