namespace KlarKonform.Backup.TestSupport;

/// <summary>
/// What a faulty S3 does to a request. If a fault does not fit the request (a listing's fault and a GET of an object), the request is
/// passed on.
/// </summary>
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

    /// <summary>
    /// The request is carried out; in the middle of the answer's body nothing more arrives, and the connection stays open.
    /// </summary>
    SilentAnswer,

    /// <summary>No answer for longer than any client waits.</summary>
    Hang,

    /// <summary>A bit of the uploaded body is flipped on its way to the server.</summary>
    DamagedUpload,

    /// <summary>A listing without keys says that it continues, but not where (minio/minio#14132).</summary>
    TruncatedListing,

    /// <summary>A listing of version 2 is answered in version 1, without count and token (restic/restic#3083).</summary>
    ListingVersion1,

    /// <summary>A listing continues at the token with which it began (durch/rust-s3#92 and others then loop for ever).</summary>
    ListingStandsStill,

    /// <summary>A listing names its first key once more at its end (rustfs/rustfs#2439, s3ql/s3ql#6).</summary>
    ListingTwice,

    /// <summary>A listing contains a key that was not requested.</summary>
    ListingOfOthers,

    /// <summary>
    /// A request for part of an object is answered with the whole object, with status 200. Needs <see cref="FaultyS3.KeepsUploads"/>.
    /// </summary>
    RangeIgnored,

    /// <summary>
    /// A request for part of an object is answered correctly, but with status 200 and without saying which part it is
    /// (treeverse/lakeFS#6100, s3s-project/s3s#118).
    /// </summary>
    PartAsWhole,

    /// <summary>Part of an object says that it begins one byte later (cloud37/s3-encryption-gateway#242).</summary>
    WrongContentRange,

    /// <summary>An object or a listing is answered with 200 and no bytes.</summary>
    EmptyAnswer,

    /// <summary>200 with an error in XML instead of the result (as CompleteMultipartUpload does, s3tools/s3cmd#577).</summary>
    ErrorInside,

    /// <summary>200 with a page of HTML (s3tools/s3cmd#730).</summary>
    HtmlPage,

    /// <summary>404 with a page of HTML, as from a proxy that knows no route.</summary>
    NotFoundPage,

    /// <summary>An object's properties come without its length (async-aws/aws#2077, on Cloudflare's R2).</summary>
    LengthMissing,

    /// <summary>An upload is carried out; its ETag is a different one.</summary>
    WrongETag,

    /// <summary>A deletion or an upload is not carried out, but answered with success and an ETag (cvmfs/cvmfs#2965).</summary>
    Ignored,

    /// <summary>The object is in GLACIER: 403 InvalidObjectState, and its class in listings and properties.</summary>
    Archived,
}
