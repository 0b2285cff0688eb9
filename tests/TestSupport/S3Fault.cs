namespace KlarKonform.Backup.TestSupport;

/// <summary>What a faulty S3 does to a request.</summary>
public enum S3Fault
{
    /// <summary>Nothing: it is passed on.</summary>
    None,

    /// <summary>500 InternalError.</summary>
    InternalError,

    /// <summary>503 SlowDown.</summary>
    SlowDown,

    /// <summary>The connection is reset before an answer.</summary>
    Reset,

    /// <summary>The request is carried out, but its answer is cut in the middle of the body.</summary>
    TruncatedAnswer,

    /// <summary>The request is carried out; in the middle of the answer's body nothing comes any more, and nobody closes.</summary>
    SilentAnswer,

    /// <summary>No answer for longer than anybody waits.</summary>
    Hang,

    /// <summary>A bit of the uploaded body is flipped on its way to the server.</summary>
    DamagedUpload,
}
