using System.Net;
using System.Runtime.CompilerServices;
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
    private readonly S3Listing _listing;

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
            MaxStaleConnectionRetries = 0, // Counted separately from the above.
            HttpClientFactory = _http,
        };
        if (options.Endpoint is { } endpoint)
            config.ServiceURL = endpoint.ToString();
        else
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(options.Region);
        _client = options.Credentials is { } keys
            ? new AmazonS3Client(new BasicAWSCredentials(keys.AccessKey, keys.SecretKey), config)
            : new AmazonS3Client(config);
        _listing = new S3Listing(_client, options, Location);
        _uploads = new S3Uploads(_client, options, _prefix + "data/", Location);
    }

    /// <inheritdoc />
    public string Location => $"{Server}/{_options.Bucket}/{_prefix}".TrimEnd('/');

    private string Server =>
        _options.Endpoint?.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/')
        ?? "s3://" + _options.Region;

    /// <inheritdoc />
    public Task PrepareAsync(bool create, CancellationToken cancellationToken) =>
        RunAsync(
            null,
            async () =>
            {
                await _listing.ProbeAsync(_prefix, cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken
        );

    /// <inheritdoc />
    public Task<StoredObject?> StatAsync(string key, CancellationToken cancellationToken) =>
        RunAsync(
            key,
            async () =>
            {
                try
                {
                    var answer = await _client
                        .GetObjectMetadataAsync(_options.Bucket, _prefix + key, cancellationToken)
                        .ConfigureAwait(false);
                    EnsureObject(key, answer.ETag, answer.Headers.ContentType);

                    // Servers that compress on the way leave out the length, and Cloudflare has been seen to do so for plain bytes.
                    if (answer.Headers.ContentLength < 0)
                    {
                        return await FindListedAsync(key, cancellationToken).ConfigureAwait(false)
                            ?? throw S3Errors.Contradiction(Location, key, $"The server says that '{key}' is there, and lists none.");
                    }

                    return new StoredObject(key, answer.Headers.ContentLength)
                    {
                        StorageClass = answer.StorageClass?.Value,
                        IsArchived = S3Classes.IsArchived(answer),
                    };
                }
                catch (AmazonS3Exception exception) when (exception.StatusCode == HttpStatusCode.NotFound)
                {
                    await EnsureMissingAsync(key, cancellationToken).ConfigureAwait(false);
                    return null;
                }
            },
            cancellationToken
        );

    /// <inheritdoc />
    public Task SaveAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        RunAsync(
            key,
            async () =>
            {
                if (content.Length > _options.PartSize)
                    await _uploads.UploadAsync(_prefix + key, content, cancellationToken).ConfigureAwait(false);
                else
                    await _uploads.PutAsync(_prefix + key, content, cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken
        );

    /// <inheritdoc />
    public Task<Stream> OpenReadAsync(string key, long offset, long? length, CancellationToken cancellationToken) =>
        RunAsync<Stream>(
            key,
            async () =>
            {
                var request = new GetObjectRequest { BucketName = _options.Bucket, Key = _prefix + key };
                if (length is { } count)
                    request.ByteRange = new ByteRange(offset, offset + count - 1);
                else if (offset > 0)
                    request.ByteRange = new ByteRange($"bytes={offset}-");
                GetObjectResponse answer;
                try
                {
                    answer = await _client.GetObjectAsync(request, cancellationToken).ConfigureAwait(false);
                }
                catch (AmazonS3Exception exception) when (S3Errors.IsWordless(exception))
                {
                    if (await FindListedAsync(key, cancellationToken).ConfigureAwait(false) is not null)
                        throw;
                    throw new StorageException(StorageErrorKind.NotFound, Location, key, exception.Message, exception);
                }
                catch (AmazonS3Exception exception) when (S3Errors.IsArchived(exception))
                {
                    var named =
                        (exception as InvalidObjectStateException)?.StorageClass?.Value
                        ?? (await StatAsync(key, cancellationToken).ConfigureAwait(false))?.StorageClass;
                    throw S3Errors.Archived(Location, key, named, exception);
                }

                try
                {
                    EnsureObject(key, answer.ETag, answer.Headers.ContentType);
                    if (
                        answer.Headers.ContentLength == 0
                        && await StatAsync(key, cancellationToken).ConfigureAwait(false) is { Size: > 0 } known
                    )
                        throw S3Errors.Contradiction(Location, key, $"The server sent nothing of '{key}', which has {known.Size} bytes.");
                    return S3Ranges.Judge(answer, new S3ReadStream(answer, Location, key), offset, length, Location, key);
                }
                catch
                {
                    answer.Dispose();
                    throw;
                }
            },
            cancellationToken
        );

    /// <inheritdoc />
    public async IAsyncEnumerable<StoredObject> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var item in _listing.ReadAsync(_prefix + ObjectKeys.Below(folder, ""), cancellationToken).ConfigureAwait(false))
            yield return Describe(item);
    }

    /// <inheritdoc />
    public Task DeleteAsync(string key, CancellationToken cancellationToken) =>
        RunAsync(
            key,
            async () =>
            {
                try
                {
                    await _client.DeleteObjectAsync(_options.Bucket, _prefix + key, cancellationToken).ConfigureAwait(false);
                }
                catch (AmazonS3Exception exception) when (S3Errors.SaysMissing(exception))
                {
                    // Gone already, as requested.
                }

                return true;
            },
            cancellationToken
        );

    /// <inheritdoc />
    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    private StoredObject Describe(S3Object item) =>
        new(item.Key[_prefix.Length..], item.Size ?? 0)
        {
            Modified = item.LastModified is { } time ? new DateTimeOffset(time.ToUniversalTime(), TimeSpan.Zero) : null,
            StorageClass = item.StorageClass?.Value,
            IsArchived = S3Classes.IsArchive(item.StorageClass?.Value),
        };

    // A firewall's or provider's page with status 200: objects have an ETag, and none of ours is HTML.
    private void EnsureObject(string key, string? etag, string? contentType)
    {
        if (string.IsNullOrEmpty(etag) && contentType?.StartsWith("text/html", StringComparison.OrdinalIgnoreCase) == true)
            throw S3Errors.Contradiction(Location, key, $"Asked for '{key}', the server sent a page of HTML.");
    }

    // HEAD has no error document: its 404 may mean the object, the bucket, or come from any proxy. GET says which, and if that has none
    // either, a listing.
    private async Task EnsureMissingAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await _client.GetObjectAsync(_options.Bucket, _prefix + key, cancellationToken).ConfigureAwait(false);
        }
        catch (AmazonS3Exception exception) when (S3Errors.SaysMissing(exception))
        {
            return;
        }
        catch (AmazonS3Exception exception) when (S3Errors.IsWordless(exception))
        {
            if (await FindListedAsync(key, cancellationToken).ConfigureAwait(false) is null)
                return;
        }

        throw S3Errors.Contradiction(Location, key, $"The server says that '{key}' is missing, and that it is there.");
    }

    private async Task<StoredObject?> FindListedAsync(string key, CancellationToken cancellationToken)
    {
        await foreach (var item in _listing.ReadAsync(_prefix + key, cancellationToken).ConfigureAwait(false))
        {
            if (item.Key.Length == _prefix.Length + key.Length)
                return Describe(item);
        }

        return null;
    }

    private async Task<T> RunAsync<T>(string? key, Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            throw S3Errors.Translate(exception, Location, key);
        }
    }
}
