namespace KlarKonform.Backup.TestSupport;

/// <summary>What a faulty S3 does to a request. Where a fault does not fit the request (a listing's fault and a GET of an object), it is
/// passed on.</summary>
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

    /// <summary>A listing without keys says that it goes on, and not where (minio/minio#14132).</summary>
    TruncatedListing,

    /// <summary>A listing of version 2 is answered in version 1, without count and token (restic/restic#3083).</summary>
    ListingVersion1,

    /// <summary>A listing goes on behind the token with which it began (durch/rust-s3#92 and others go round in circles then).</summary>
    ListingStandsStill,

    /// <summary>A listing names its first key once more at its end (rustfs/rustfs#2439, s3ql/s3ql#6).</summary>
    ListingTwice,

    /// <summary>A listing names a key for which it was not asked.</summary>
    ListingOfOthers,

    /// <summary>An object's part is answered with the whole object, under 200. Needs <see cref="FaultyS3.KeepsUploads"/>.</summary>
    RangeIgnored,

    /// <summary>An object's part is answered right, but says 200 and not which part it is (treeverse/lakeFS#6100,
    /// s3s-project/s3s#118).</summary>
    PartAsWhole,

    /// <summary>An object's part says that it begins a byte later (cloud37/s3-encryption-gateway#242).</summary>
    WrongContentRange,

    /// <summary>An object or a listing is answered with 200 and no byte.</summary>
    EmptyAnswer,

    /// <summary>200 with an error in XML instead of what was asked for (CompleteMultipartUpload's way, s3tools/s3cmd#577).</summary>
    ErrorInside,

    /// <summary>200 with a page of HTML (s3tools/s3cmd#730).</summary>
    HtmlPage,

    /// <summary>404 with a page of HTML, as from a proxy that does not know the way.</summary>
    NotFoundPage,

    /// <summary>An object's properties come without its length (async-aws/aws#2077, on Cloudflare's R2).</summary>
    LengthMissing,

    /// <summary>An upload is carried out; its ETag is another one.</summary>
    WrongETag,

    /// <summary>A deletion or an upload is not carried out, and answered with success and an ETag (cvmfs/cvmfs#2965).</summary>
    Ignored,

    /// <summary>The object lies in GLACIER: 403 InvalidObjectState, and its class in listings and properties.</summary>
    Archived,
}
