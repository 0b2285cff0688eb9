using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Xml;
using Amazon.Runtime;
using Amazon.S3;

namespace KlarKonform.Backup.Storage.S3;

/// <summary>What the SDK's exceptions mean for a store.</summary>
internal static class S3Errors
{
    // "The action is not valid for the object's storage class or access tier." (API reference, GetObject)
    private const string InvalidObjectState = "InvalidObjectState";

    // The SDK compares a whole object with its ETag, and reports a mismatch only by this text.
    private const string HashMismatch = "Expected hash not equal to calculated hash";

    /// <summary>
    /// Whether the service itself says explicitly that the object does not exist. A 404 alone may come from any server on the way.
    /// </summary>
    public static bool SaysMissing(AmazonS3Exception exception) =>
        exception is { StatusCode: HttpStatusCode.NotFound, ErrorCode: "NoSuchKey" or "NoSuchVersion" };

    /// <summary>Whether it is a 404 without S3's error document: a response to HEAD has none, and neither has a proxy's page.</summary>
    public static bool IsWordless(AmazonS3Exception exception) =>
        exception.StatusCode == HttpStatusCode.NotFound
        && (string.IsNullOrEmpty(exception.ErrorCode) || exception.ErrorCode == nameof(HttpStatusCode.NotFound));

    /// <summary>Whether the object is in a class that must be restored first.</summary>
    public static bool IsArchived(Exception exception) => exception is AmazonS3Exception { ErrorCode: InvalidObjectState };

    public static StorageException Translate(Exception exception, string location, string? key)
    {
        if (exception is StorageException already)
            return already;
        if (Find<AuthenticationException>(exception) is { } tls)
            return new StorageException(StorageErrorKind.UntrustedCertificate, location, key, tls.Message, exception);
        if (IsArchived(exception))
            return Archived(location, key, null, exception);
        var kind = exception is AmazonS3Exception answer ? KindOf(answer) : KindOf(exception);
        return new StorageException(kind, location, key, exception.Message, exception);
    }

    // By the service's own code first: Ceph refuses with QuotaExceeded and the status of a missing permission.
    private static StorageErrorKind KindOf(AmazonS3Exception answer) =>
        answer.ErrorCode switch
        {
            "InvalidAccessKeyId" or "SignatureDoesNotMatch" or "AuthorizationHeaderMalformed" => StorageErrorKind.AuthenticationFailed,
            "QuotaExceeded" => StorageErrorKind.Full,
            "InvalidStorageClass" or "NotImplemented" => StorageErrorKind.InvalidSettings, // What the provider does not support.
            "BadDigest" or "XAmzContentSHA256Mismatch" or "InvalidDigest" => StorageErrorKind.Busy, // Damaged on the way: sent again.
            // The server has forgotten it: everything is sent again.
            "NoSuchUpload" or "InvalidPart" or "InvalidPartOrder" => StorageErrorKind.Busy,
            "SlowDown" or "RequestTimeout" or "InternalError" => StorageErrorKind.Busy,
            _ when IsWordless(answer) || answer.InnerException is XmlException => StorageErrorKind.InvalidAnswer,
            _ => answer.StatusCode switch
            {
                HttpStatusCode.Forbidden => StorageErrorKind.AccessDenied,
                HttpStatusCode.Unauthorized => StorageErrorKind.AuthenticationFailed,
                HttpStatusCode.NotFound => StorageErrorKind.NotFound,
                HttpStatusCode.InsufficientStorage => StorageErrorKind.Full,
                HttpStatusCode.NotImplemented => StorageErrorKind.InvalidSettings,
                HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout => StorageErrorKind.Busy,
                >= HttpStatusCode.InternalServerError => StorageErrorKind.Busy,
                _ => StorageErrorKind.Other,
            },
        };

    private static StorageErrorKind KindOf(Exception exception)
    {
        if (exception is AmazonUnmarshallingException || exception.Message == HashMismatch)
            return StorageErrorKind.InvalidAnswer;
        var isLine = Find<SocketException>(exception) is not null || Find<HttpRequestException>(exception) is not null;
        if (exception is AmazonClientException && !isLine && exception.Message.Contains("credentials", StringComparison.OrdinalIgnoreCase))
            return StorageErrorKind.AuthenticationFailed; // Nothing in the default chain.
        if (isLine || Find<IOException>(exception) is not null || exception is OperationCanceledException or TimeoutException)
            return StorageErrorKind.Unreachable;
        return Find<XmlException>(exception) is not null ? StorageErrorKind.InvalidAnswer : StorageErrorKind.Other;
    }

    /// <summary>A response that contradicts itself or the protocol.</summary>
    public static StorageException Contradiction(string location, string? key, string message) =>
        new(StorageErrorKind.InvalidAnswer, location, key, message);

    /// <summary>An object that must be restored first. The message is for the admin: the object, its class, the next step.</summary>
    public static StorageException Archived(string location, string? key, string? storageClass, Exception? inner = null)
    {
        var named = storageClass is null ? "an archive class" : $"the storage class {storageClass}";
        var message = $"The object '{key}' lies in {named} and cannot be read: restore it at the provider first (RestoreObject).";
        return new StorageException(StorageErrorKind.Archived, location, key, message, inner) { Detail = storageClass };
    }

    private static T? Find<T>(Exception? exception)
        where T : Exception
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            if (exception is T found)
                return found;
        }

        return null;
    }
}
