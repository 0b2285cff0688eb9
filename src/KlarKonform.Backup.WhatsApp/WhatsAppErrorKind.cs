namespace KlarKonform.Backup.WhatsApp;

/// <summary>What a failure means for whoever reads WhatsApp's data.</summary>
public enum WhatsAppErrorKind
{
    /// <summary>A text without a single line that WhatsApp's export writes.</summary>
    NotAChat,

    /// <summary>A text that is neither UTF-8 nor UTF-16.</summary>
    WrongEncoding,

    /// <summary>A file that ends too early: it may still be on its way.</summary>
    Incomplete,

    /// <summary>A ZIP, or an entry of one, that unpacks to more than any chat is, or an entry that was refused.</summary>
    Dangerous,

    /// <summary>JSON that is none of Meta's webhooks.</summary>
    NotAWebhook,

    /// <summary>A signature that the app secret does not give.</summary>
    Forged,

    /// <summary>Meta has the media no longer.</summary>
    MediaGone,

    /// <summary>What arrived is not what was announced.</summary>
    IntegrityMismatch,

    /// <summary>The access token is not accepted.</summary>
    AccessDenied,

    /// <summary>Meta asks for a pause.</summary>
    Throttled,

    /// <summary>Nobody answers, or nobody could be read from.</summary>
    Unreachable,

    /// <summary>
    /// A chat whose times nobody can be sure of: years of another calendar (Islamic, Buddhist, Persian, Japanese), or words for the half of the day
    /// that are not known and whose order does not tell. The message says which.
    /// </summary>
    UnknownTimes,
}
