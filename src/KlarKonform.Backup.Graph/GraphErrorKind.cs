namespace KlarKonform.Backup.Graph;

/// <summary>What a failed request means.</summary>
public enum GraphErrorKind
{
    /// <summary>None of the other kinds.</summary>
    Other,

    /// <summary>No connection, or no answer after every repetition.</summary>
    Unreachable,

    /// <summary>The server's TLS certificate is not trusted.</summary>
    UntrustedCertificate,

    /// <summary>The sign-in was refused.</summary>
    SignInFailed,

    /// <summary>Signed in, but the app lacks a permission.</summary>
    AccessDenied,

    /// <summary>It does not exist, or no longer.</summary>
    NotFound,

    /// <summary>The user no longer exists.</summary>
    UserGone,

    /// <summary>The user has no mailbox or no OneDrive: nothing to back up.</summary>
    NotProvisioned,

    /// <summary>The delta link expired: enumerate again.</summary>
    ResyncRequired,

    /// <summary>Delta does not work for this mailbox now (it is over its quota): list instead.</summary>
    DeltaUnavailable,

    /// <summary>Throttled beyond patience.</summary>
    Throttled,

    /// <summary>The item is damaged at the server.</summary>
    CorruptItem,

    /// <summary>An admin has locked the site, or somebody the file.</summary>
    Locked,

    /// <summary>The file is blocked as malware.</summary>
    Malware,

    /// <summary>Bytes that arrived do not match what Graph promised.</summary>
    IntegrityMismatch,
}
