using System.Net;
using System.Security.Cryptography;
using Amazon.S3;
using Amazon.S3.Model;

namespace KlarKonform.Backup.Storage.S3;

/// <summary>
/// Checks what a server says about an object that it accepted. Without KMS encryption an ETag is the MD5 of the content; if it differs,
/// either the server stores other bytes or its ETags are not hashes, which reading back one object shows. Thread-safe.
/// </summary>
/// <param name="client">The client.</param>
/// <param name="bucket">The bucket.</param>
/// <param name="location">The store's location, for messages.</param>
internal sealed class S3Receipts(AmazonS3Client client, string bucket, string location)
{
    private const int HexOfMd5 = 32;

    private volatile bool _tagsAreHashes = true;

    /// <summary>Checks the response to an upload.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorKind.InvalidAnswer"/>: the object does not exist, or not as it was
    /// sent.</exception>
    public async Task CheckAsync(string key, ReadOnlyMemory<byte> content, PutObjectResponse answer, CancellationToken cancellationToken)
    {
        var tag = answer.ETag?.Trim('"') ?? "";
        if (tag.Length == 0)
        {
            await EnsureThereAsync(key, content.Length, cancellationToken).ConfigureAwait(false);
            return;
        }

        var encrypted =
            answer.ServerSideEncryptionMethod is { } method
            && method != ServerSideEncryptionMethod.AES256
            && method != ServerSideEncryptionMethod.None;
        if (!_tagsAreHashes || encrypted || tag.Length != HexOfMd5)
            return;
        if (string.Equals(tag, Convert.ToHexString(Md5(content.Span)), StringComparison.OrdinalIgnoreCase))
            return;
        if (!await IsKeptAsync(key, content, cancellationToken).ConfigureAwait(false))
            throw S3Errors.Contradiction(location, key, $"The server keeps other bytes of '{key}' than were sent.");
        _tagsAreHashes = false;
    }

    /// <summary>Asks whether an object exists with this size.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorKind.InvalidAnswer"/>: it does not.</exception>
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
            // See below.
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
            return true; // A class that cannot be read: the server compared hashes when it accepted the object.
        }
    }

#pragma warning disable CA5351
    private static byte[] Md5(ReadOnlySpan<byte> content) => MD5.HashData(content);
#pragma warning restore CA5351
}
