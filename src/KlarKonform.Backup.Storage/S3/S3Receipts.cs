using System.Net;
using System.Security.Cryptography;
using Amazon.S3;
using Amazon.S3.Model;

namespace KlarKonform.Backup.Storage.S3;

/// <summary>
/// Looks at what a server says of an object that it took. Without encryption by KMS an ETag is the content's MD5; where it is another one,
/// either
/// the server keeps other bytes or its ETags are no hashes, which one object that is read back tells. Thread-safe.
/// </summary>
/// <param name="client">The client.</param>
/// <param name="bucket">The bucket.</param>
/// <param name="location">The store's location, for messages.</param>
internal sealed class S3Receipts(AmazonS3Client client, string bucket, string location)
{
    private const int HexOfMd5 = 32;

    private volatile bool _tagsAreHashes = true;

    /// <summary>Checks the answer to an upload.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorKind.InvalidAnswer"/>: the object is not there, or not as it was
    /// sent.</exception>
    public async Task CheckAsync(string key, ReadOnlyMemory<byte> content, PutObjectResponse answer, CancellationToken cancellationToken)
    {
        var tag = answer.ETag?.Trim('"') ?? "";
        if (tag.Length == 0)
        {
            await EnsureThereAsync(key, content.Length, cancellationToken).ConfigureAwait(false);
            return;
        }

        var encrypted = answer.ServerSideEncryptionMethod is { } method
            && method != ServerSideEncryptionMethod.AES256 && method != ServerSideEncryptionMethod.None;
        if (!_tagsAreHashes || encrypted || tag.Length != HexOfMd5)
            return;
        if (string.Equals(tag, Convert.ToHexString(Md5(content.Span)), StringComparison.OrdinalIgnoreCase))
            return;
        if (!await IsKeptAsync(key, content, cancellationToken).ConfigureAwait(false))
            throw S3Errors.Contradiction(location, key, $"The server keeps other bytes of '{key}' than were sent.");
        _tagsAreHashes = false;
    }

    /// <summary>Asks whether an object is there with its size.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorKind.InvalidAnswer"/>: it is not.</exception>
    public async Task EnsureThereAsync(string key, long size, CancellationToken cancellationToken)
    {
        try
        {
            var found = await client.GetObjectMetadataAsync(bucket, key, cancellationToken).ConfigureAwait(false);
            if (found.Headers.ContentLength == size || found.Headers.ContentLength < 0) // -1: not said.
                return;
        }
        catch (AmazonS3Exception exception) when (exception.StatusCode == HttpStatusCode.NotFound)
        {
            // As below.
        }

        throw S3Errors.Contradiction(location, key, $"The server says that it took '{key}', and does not have it.");
    }

    private async Task<bool> IsKeptAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await client.GetObjectAsync(bucket, key, cancellationToken).ConfigureAwait(false);
#pragma warning disable CA5351 // Against damage, not against an attacker.
            var kept = await MD5.HashDataAsync(answer.ResponseStream, cancellationToken).ConfigureAwait(false);
            return kept.AsSpan().SequenceEqual(Md5(content.Span));
#pragma warning restore CA5351
        }
        catch (AmazonS3Exception exception) when (S3Errors.IsArchived(exception))
        {
            return true; // A class that is not read: the server compared hashes when it took the object.
        }
    }

#pragma warning disable CA5351
    private static byte[] Md5(ReadOnlySpan<byte> content) => MD5.HashData(content);
#pragma warning restore CA5351
}
