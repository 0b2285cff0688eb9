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

    /// <summary>Whether the service itself says, in its own words, that there is no such object. A 404 alone may come from any server on the way.</summary>
    public static bool SaysMissing(AmazonS3Exception exception) =>
        exception is { StatusCode: HttpStatusCode.NotFound, ErrorCode: "NoSuchKey" or "NoSuchVersion" };

    /// <summary>Whether it is a 404 without S3's words: an answer to HEAD has none, a proxy's page neither.</summary>
    public static bool IsWordless(AmazonS3Exception exception) =>
        exception.StatusCode == HttpStatusCode.NotFound && (string.IsNullOrEmpty(exception.ErrorCode) || exception.ErrorCode == nameof(HttpStatusCode.NotFound));

    /// <summary>Whether the object lies in a class that must be restored first.</summary>
    public static bool IsArchived(Exception exception) => exception is AmazonS3Exception { ErrorCode: InvalidObjectState };

    public static StorageException Translate(Exception exception, string location, string? key)
    {
        if (exception is StorageException already)
            return already;
        if (Find<AuthenticationException>(exception) is { } tls)
            return new StorageException(StorageErrorKind.UntrustedCertificate, location, key, tls.Message, exception);
        if (IsArchived(exception))
            return Archived(location, key, null, exception);
        var kind = exception switch
        {
            AmazonS3Exception { ErrorCode: "InvalidAccessKeyId" or "SignatureDoesNotMatch" or "AuthorizationHeaderMalformed" } => StorageErrorKind.AuthenticationFailed,
            AmazonS3Exception { StatusCode: HttpStatusCode.Forbidden } => StorageErrorKind.AccessDenied,
            AmazonS3Exception { StatusCode: HttpStatusCode.Unauthorized } => StorageErrorKind.AuthenticationFailed,
            AmazonS3Exception wordless when IsWordless(wordless) => StorageErrorKind.InvalidAnswer,
            // The server forgot the upload or a part of it: all of it is sent again.
            AmazonS3Exception { ErrorCode: "NoSuchUpload" or "InvalidPart" or "InvalidPartOrder" } => StorageErrorKind.Busy,
            AmazonS3Exception { StatusCode: HttpStatusCode.NotFound } => StorageErrorKind.NotFound,
            AmazonS3Exception { StatusCode: HttpStatusCode.InsufficientStorage } or AmazonS3Exception { ErrorCode: "QuotaExceeded" } => StorageErrorKind.Full,
            // A class or encryption that the provider does not know.
            AmazonS3Exception { StatusCode: HttpStatusCode.NotImplemented } or AmazonS3Exception { ErrorCode: "InvalidStorageClass" or "NotImplemented" } => StorageErrorKind.InvalidSettings,
            AmazonS3Exception { ErrorCode: "BadDigest" or "XAmzContentSHA256Mismatch" or "InvalidDigest" } => StorageErrorKind.Busy, // Damaged on the way: sent again.
            AmazonS3Exception { StatusCode: >= HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout } => StorageErrorKind.Busy,
            AmazonS3Exception { ErrorCode: "SlowDown" or "RequestTimeout" or "InternalError" } => StorageErrorKind.Busy,
            AmazonUnmarshallingException => StorageErrorKind.InvalidAnswer,
            AmazonS3Exception { InnerException: XmlException } => StorageErrorKind.InvalidAnswer,
            AmazonS3Exception => StorageErrorKind.Other,
            // The SDK compares a whole object with its ETag, and says so in no other way.
            AmazonClientException { Message: "Expected hash not equal to calculated hash" } => StorageErrorKind.InvalidAnswer,
            AmazonClientException when Find<HttpRequestException>(exception) is null && Find<SocketException>(exception) is null
                && exception.Message.Contains("credentials", StringComparison.OrdinalIgnoreCase) => StorageErrorKind.AuthenticationFailed, // Nothing in the default chain.
            _ when Find<SocketException>(exception) is not null || Find<HttpRequestException>(exception) is not null
                || Find<IOException>(exception) is not null || exception is OperationCanceledException or TimeoutException => StorageErrorKind.Unreachable,
            _ when Find<XmlException>(exception) is not null => StorageErrorKind.InvalidAnswer,
            _ => StorageErrorKind.Other,
        };
        return new StorageException(kind, location, key, exception.Message, exception);
    }

    /// <summary>An answer that contradicts itself or the protocol.</summary>
    public static StorageException Contradiction(string location, string? key, string message) => new(StorageErrorKind.InvalidAnswer, location, key, message);

    /// <summary>An object that must be restored first. The message is for the admin: the object, its class, the next step.</summary>
    public static StorageException Archived(string location, string? key, string? storageClass, Exception? inner = null) => new(StorageErrorKind.Archived, location, key,
        $"The object '{key}' lies in {(storageClass is null ? "an archive class" : $"the storage class {storageClass}")} and cannot be read: restore it at the provider first (RestoreObject), then try again.", inner)
    {
        Detail = storageClass,
    };

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
