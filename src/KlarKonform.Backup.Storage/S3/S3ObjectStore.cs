using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace KlarKonform.Backup.Storage.S3;

/// <summary>Objects in a bucket of an S3-compatible service. Thread-safe.</summary>
/// <remarks>Uploads are whole, signed payloads: several providers refuse aws-chunked uploads (OpenStack Swift among them).</remarks>
public sealed class S3ObjectStore : IObjectStore
{
    private readonly S3StoreOptions _options;
    private readonly HandlerHttpClientFactory _http;
    private readonly AmazonS3Client _client;
    private readonly string _prefix;
    private readonly S3Uploads _uploads;

    /// <summary>Creates the client; the first call connects.</summary>
    public S3ObjectStore(S3StoreOptions options)
    {
        _options = options;
        _prefix = options.Prefix.Trim('/') is { Length: > 0 } prefix ? prefix + "/" : "";
        _http = new HandlerHttpClientFactory(options.HandlerFactory);
        var config = new AmazonS3Config
        {
            ForcePathStyle = options.PathStyle,
            AuthenticationRegion = options.Region,
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            MaxErrorRetry = 0, // RetryingObjectStore repeats; two layers would multiply the waiting.
            HttpClientFactory = _http,
        };
        if (options.Endpoint is { } endpoint)
            config.ServiceURL = endpoint.ToString();
        else
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(options.Region);
        _client = options.Credentials is { } keys
            ? new AmazonS3Client(new BasicAWSCredentials(keys.AccessKey, keys.SecretKey), config)
            : new AmazonS3Client(config);
        _uploads = new S3Uploads(_client, options, _prefix + "data/");
    }

    /// <inheritdoc />
    public string Location => $"{_options.Endpoint?.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/') ?? "s3://" + _options.Region}/{_options.Bucket}/{_prefix}".TrimEnd('/');

    /// <inheritdoc />
    public Task PrepareAsync(bool create, CancellationToken cancellationToken) => RunAsync(null, async () =>
    {
        // A listing of one key proves endpoint, credentials, bucket and permission in one request.
        await _client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = _options.Bucket, Prefix = _prefix, MaxKeys = 1 }, cancellationToken).ConfigureAwait(false);
        return true;
    }, cancellationToken);

    /// <inheritdoc />
    public Task<StoredObject?> StatAsync(string key, CancellationToken cancellationToken) => RunAsync<StoredObject?>(key, async () =>
    {
        try
        {
            var answer = await _client.GetObjectMetadataAsync(_options.Bucket, _prefix + key, cancellationToken).ConfigureAwait(false);
            return new StoredObject(key, answer.ContentLength);
        }
        catch (AmazonS3Exception exception) when (exception.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
    }, cancellationToken);

    /// <inheritdoc />
    public Task SaveAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => RunAsync(key, async () =>
    {
        if (content.Length > _options.PartSize)
            await _uploads.UploadAsync(_prefix + key, content, cancellationToken).ConfigureAwait(false);
        else
            await _uploads.PutAsync(_prefix + key, content, cancellationToken).ConfigureAwait(false);
        return true;
    }, cancellationToken);

    /// <inheritdoc />
    public Task<Stream> OpenReadAsync(string key, long offset, long? length, CancellationToken cancellationToken) => RunAsync<Stream>(key, async () =>
    {
        var request = new GetObjectRequest { BucketName = _options.Bucket, Key = _prefix + key };
        if (length is { } count)
            request.ByteRange = new ByteRange(offset, offset + count - 1);
        else if (offset > 0)
            request.ByteRange = new ByteRange($"bytes={offset}-");
        var answer = await _client.GetObjectAsync(request, cancellationToken).ConfigureAwait(false);
        return new S3ReadStream(answer, Location, key);
    }, cancellationToken);

    /// <inheritdoc />
    public async IAsyncEnumerable<StoredObject> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? next = null;
        do
        {
            var token = next;
            var page = await RunAsync(folder, () => _client.ListObjectsV2Async(
                new ListObjectsV2Request { BucketName = _options.Bucket, Prefix = _prefix + ObjectKeys.Below(folder, ""), ContinuationToken = token },
                cancellationToken), cancellationToken).ConfigureAwait(false);
            foreach (var item in page.S3Objects ?? [])
                yield return new StoredObject(item.Key[_prefix.Length..], item.Size ?? 0) { Modified = item.LastModified is { } time ? new DateTimeOffset(time.ToUniversalTime(), TimeSpan.Zero) : null };
            next = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (next is not null);
    }

    /// <inheritdoc />
    public Task DeleteAsync(string key, CancellationToken cancellationToken) => RunAsync(key, async () =>
    {
        try
        {
            await _client.DeleteObjectAsync(_options.Bucket, _prefix + key, cancellationToken).ConfigureAwait(false);
        }
        catch (AmazonS3Exception exception) when (exception.StatusCode == HttpStatusCode.NotFound && exception.ErrorCode != "NoSuchBucket")
        {
            // Gone already, which is what was asked for.
        }

        return true;
    }, cancellationToken);

    /// <inheritdoc />
    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<T> RunAsync<T>(string? key, Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            throw Translate(exception, Location, key);
        }
    }

    internal static StorageException Translate(Exception exception, string location, string? key)
    {
        if (Find<AuthenticationException>(exception) is { } tls)
            return new StorageException(StorageErrorKind.UntrustedCertificate, location, key, tls.Message, exception);
        var kind = exception switch
        {
            AmazonS3Exception { ErrorCode: "InvalidAccessKeyId" or "SignatureDoesNotMatch" or "AuthorizationHeaderMalformed" } => StorageErrorKind.AuthenticationFailed,
            AmazonS3Exception { StatusCode: HttpStatusCode.Forbidden } => StorageErrorKind.AccessDenied,
            AmazonS3Exception { StatusCode: HttpStatusCode.Unauthorized } => StorageErrorKind.AuthenticationFailed,
            AmazonS3Exception { StatusCode: HttpStatusCode.NotFound } => StorageErrorKind.NotFound,
            AmazonS3Exception { StatusCode: HttpStatusCode.InsufficientStorage } or AmazonS3Exception { ErrorCode: "QuotaExceeded" } => StorageErrorKind.Full,
            // A class or encryption that the provider does not know.
            AmazonS3Exception { StatusCode: HttpStatusCode.NotImplemented } or AmazonS3Exception { ErrorCode: "InvalidStorageClass" or "NotImplemented" } => StorageErrorKind.InvalidSettings,
            AmazonS3Exception { ErrorCode: "BadDigest" or "XAmzContentSHA256Mismatch" or "InvalidDigest" } => StorageErrorKind.Busy, // Damaged on the way: sent again.
            AmazonS3Exception { StatusCode: >= HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout } => StorageErrorKind.Busy,
            AmazonS3Exception { ErrorCode: "SlowDown" or "RequestTimeout" or "InternalError" } => StorageErrorKind.Busy,
            AmazonS3Exception => StorageErrorKind.Other,
            AmazonClientException when Find<HttpRequestException>(exception) is null && Find<SocketException>(exception) is null
                && exception.Message.Contains("credentials", StringComparison.OrdinalIgnoreCase) => StorageErrorKind.AuthenticationFailed, // Nothing in the default chain.
            _ when Find<SocketException>(exception) is not null || Find<HttpRequestException>(exception) is not null
                || Find<IOException>(exception) is not null || exception is OperationCanceledException or TimeoutException => StorageErrorKind.Unreachable,
            _ => StorageErrorKind.Other,
        };
        return new StorageException(kind, location, key, exception.Message, exception);
    }

    private static T? Find<T>(Exception? exception) where T : Exception
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            if (exception is T found)
                return found;
        }

        return null;
    }
}
