namespace KlarKonform.Backup.WhatsApp;

/// <summary>An export, a webhook or a media file cannot be read.</summary>
public sealed class WhatsAppException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="kind">What it means.</param>
    /// <param name="message">What was found, in English; never the content of a chat.</param>
    /// <param name="inner">The cause.</param>
    public WhatsAppException(WhatsAppErrorKind kind, string message, Exception? inner = null)
        : base(message, inner) => Kind = kind;

    /// <summary>What it means.</summary>
    public WhatsAppErrorKind Kind { get; }

    /// <summary>Whether another attempt may succeed without anyone's intervention.</summary>
    public bool IsPassing =>
        Kind
            is WhatsAppErrorKind.Incomplete
                or WhatsAppErrorKind.Unreachable
                or WhatsAppErrorKind.Throttled
                or WhatsAppErrorKind.IntegrityMismatch
                or WhatsAppErrorKind.AccessDenied;
}
