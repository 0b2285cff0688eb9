using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Storage;
using KlarKonform.Backup.WhatsApp;

namespace KlarKonform.Backup.Engine.Sources.WhatsApp.Locations;

/// <summary>What a place's own failures mean.</summary>
internal static class DropFailure
{
    public static bool IsOne(Exception exception) =>
        exception is StorageException or GraphException or IOException or UnauthorizedAccessException;

    public static WhatsAppException Of(Exception exception, string place) =>
        new(
            exception switch
            {
                StorageException { Kind: StorageErrorKind.AccessDenied or StorageErrorKind.AuthenticationFailed } =>
                    WhatsAppErrorKind.AccessDenied,
                GraphException { Kind: GraphErrorKind.AccessDenied or GraphErrorKind.SignInFailed } => WhatsAppErrorKind.AccessDenied,
                UnauthorizedAccessException => WhatsAppErrorKind.AccessDenied,
                _ => WhatsAppErrorKind.Unreachable,
            },
            $"{place}: {exception.Message}",
            exception
        );
}
