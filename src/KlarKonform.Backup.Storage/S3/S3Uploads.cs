using System.Security.Cryptography;
using Amazon.S3;
using Amazon.S3.Model;

namespace KlarKonform.Backup.Storage.S3;

/// <summary>
/// Uploads as whole, signed payloads: the server compares the SHA-256 in the signature and the MD5 in Content-MD5 with what arrived, so
/// that bytes damaged on the way are refused. Streaming signatures (aws-chunked) and trailing checksums, the SDK's defaults, are refused by
/// several providers, OpenStack Swift among them. A success without the object's ETag does not count until the object is found to exist.
/// </summary>
/// <param name="client">The client.</param>
/// <param name="options">Bucket, class, encryption and part size.</param>
/// <param name="packs">Prefix of the keys that get the storage class.</param>
/// <param name="location">The store's location, for messages.</param>
internal sealed class S3Uploads(AmazonS3Client client, S3StoreOptions options, string packs, string location)
{
    private const int PartsAtATime = 3;

    private readonly S3Receipts _receipts = new(client, options.Bucket, location);

    public async Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        using var body = content.AsStream();
        var request = new PutObjectRequest
        {
            BucketName = options.Bucket,
            Key = key,
            InputStream = body,
            ContentType = "application/octet-stream",
            MD5Digest = Md5(content.Span),
            UseChunkEncoding = false,
            AutoCloseStream = false,
        };
        if (ClassOf(key) is { } storageClass)
            request.StorageClass = storageClass;
        if (Encryption is { } encryption)
            request.ServerSideEncryptionMethod = encryption;
        if (options.KmsKeyId is { } kms)
            request.ServerSideEncryptionKeyManagementServiceKeyId = kms;
        var answer = await client.PutObjectAsync(request, cancellationToken).ConfigureAwait(false);
        await _receipts.CheckAsync(key, content, answer, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Uploads in parts. The object appears when all are there; a failed upload is withdrawn, because its parts would otherwise be charged.
    /// </summary>
    public async Task UploadAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var start = new InitiateMultipartUploadRequest
        {
            BucketName = options.Bucket,
            Key = key,
            ContentType = "application/octet-stream",
        };
        if (ClassOf(key) is { } storageClass)
            start.StorageClass = storageClass;
        if (Encryption is { } encryption)
            start.ServerSideEncryptionMethod = encryption;
        if (options.KmsKeyId is { } kms)
            start.ServerSideEncryptionKeyManagementServiceKeyId = kms;
        var upload = await client.InitiateMultipartUploadAsync(start, cancellationToken).ConfigureAwait(false);
        try
        {
            var parts = new PartETag[(content.Length + options.PartSize - 1) / options.PartSize];
            var parallel = new ParallelOptions { MaxDegreeOfParallelism = PartsAtATime, CancellationToken = cancellationToken };
            await Parallel
                .ForEachAsync(
                    Enumerable.Range(0, parts.Length),
                    parallel,
                    async (number, token) =>
                    {
                        var offset = number * options.PartSize;
                        var part = content.Slice(offset, Math.Min(options.PartSize, content.Length - offset));
                        using var body = part.AsStream();
                        var answer = await client
                            .UploadPartAsync(
                                new UploadPartRequest
                                {
                                    BucketName = options.Bucket,
                                    Key = key,
                                    UploadId = upload.UploadId,
                                    PartNumber = number + 1, // Part numbers begin at 1.
                                    PartSize = part.Length,
                                    InputStream = body,
                                    MD5Digest = Md5(part.Span),
                                    UseChunkEncoding = false,
                                },
                                token
                            )
                            .ConfigureAwait(false);
                        parts[number] = new PartETag(number + 1, answer.ETag);
                    }
                )
                .ConfigureAwait(false);
            var answer = await client
                .CompleteMultipartUploadAsync(
                    new CompleteMultipartUploadRequest
                    {
                        BucketName = options.Bucket,
                        Key = key,
                        UploadId = upload.UploadId,
                        PartETags = [.. parts],
                    },
                    cancellationToken
                )
                .ConfigureAwait(false);
            if (string.IsNullOrEmpty(answer.ETag)) // S3 responds with 200 before it knows the result; an error is then in the body.
                await _receipts.EnsureThereAsync(key, content.Length, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await WithdrawAsync(key, upload.UploadId).ConfigureAwait(false);
            throw;
        }
    }

    private ServerSideEncryptionMethod? Encryption =>
        options.ServerSideEncryption is { } name ? ServerSideEncryptionMethod.FindValue(name) : null;

    private S3StorageClass? ClassOf(string key) =>
        options.StorageClass is { } name && key.StartsWith(packs, StringComparison.Ordinal) ? S3StorageClass.FindValue(name) : null;

    private async Task WithdrawAsync(string key, string uploadId)
    {
        using var brief = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        try
        {
            await client
                .AbortMultipartUploadAsync(
                    new AbortMultipartUploadRequest
                    {
                        BucketName = options.Bucket,
                        Key = key,
                        UploadId = uploadId,
                    },
                    brief.Token
                )
                .ConfigureAwait(false);
        }
        catch (Exception exception)
            when (exception
                    is Amazon.Runtime.AmazonClientException
                        or Amazon.Runtime.AmazonServiceException
                        or HttpRequestException
                        or IOException
                        or OperationCanceledException
            )
        {
            // The failure that led here is the one to report; a bucket's lifecycle rule removes what is left.
        }
    }

    // RFC 1864; a check against damage on the way, not against an attacker.
#pragma warning disable CA5351
    private static string Md5(ReadOnlySpan<byte> content) => Convert.ToBase64String(MD5.HashData(content));
#pragma warning restore CA5351
}
