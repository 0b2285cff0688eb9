namespace KlarKonform.Backup.WhatsApp;

/// <summary>What a failure means for code that reads WhatsApp's data.</summary>
public enum WhatsAppErrorKind
{
    /// <summary>A text without a single line in the form of a WhatsApp export.</summary>
    NotAChat,

    /// <summary>A text that is neither UTF-8 nor UTF-16.</summary>
    WrongEncoding,

    /// <summary>A file that ends too early: its transfer may not be complete.</summary>
    Incomplete,

    /// <summary>A ZIP, or an entry of one, that unpacks to more than any chat contains, or an entry that was refused.</summary>
    Dangerous,

    /// <summary>JSON that is not a webhook from Meta.</summary>
    NotAWebhook,

    /// <summary>A signature that was not made with the app secret.</summary>
    Forged,

    /// <summary>Meta no longer has the media.</summary>
    MediaGone,

    /// <summary>The received content is not what was announced.</summary>
    IntegrityMismatch,

    /// <summary>The access token is not accepted.</summary>
    AccessDenied,

    /// <summary>Meta asks for a pause.</summary>
    Throttled,

    /// <summary>The service does not answer, or a file could not be read.</summary>
    Unreachable,

    /// <summary>
    /// A chat whose times are uncertain: years of another calendar (Islamic, Buddhist, Persian, Japanese), or unknown words for the half of
    /// the day whose order does not explain them. The message says which.
    /// </summary>
    UnknownTimes,
}
