using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace KlarKonform.Backup.TestSupport;

/// <summary>Turns real answers into those of faulty servers.</summary>
internal static partial class S3Lies
{
    private const string Page =
        "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 3.2 Final//EN\">\n<html><head><title>Index of /</title></head><body><h1>"
        + "Index of /</h1></body></html>";

    /// <summary>Changes an answer as the fault demands, if it fits the request.</summary>
    /// <param name="fault">The fault.</param>
    /// <param name="request">The request.</param>
    /// <param name="answer">The server's answer.</param>
    /// <param name="uploaded">The object as it was uploaded, or null.</param>
    public static void Apply(S3Fault fault, HttpRequest request, S3Answer answer, byte[]? uploaded)
    {
        var listing = request.Method == "GET" && (request.Query.ContainsKey("prefix") || request.Query.ContainsKey("list-type"));
        var isObject = request.Query.Count == 0 || request.Query.ContainsKey("x-id");
        var part = isObject && request.Method == "GET" && request.Headers.ContainsKey("Range");
        switch (fault)
        {
            case S3Fault.TruncatedListing when listing:
                answer.Text =
                    $"<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>"
                    + $"b</Name><KeyCount>0</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>true</IsTruncated></ListBucketResult>";
                break;
            case S3Fault.ListingVersion1 when listing && request.Query.ContainsKey("list-type"):
                answer.Text = VersionTwo()
                    .Replace(answer.Text, "")
                    .Replace("<IsTruncated>", "<Marker></Marker><IsTruncated>", StringComparison.Ordinal);
                break;
            case S3Fault.ListingStandsStill when listing && request.Query["continuation-token"] is [{ } token]:
                answer.Text = NextToken().Replace(answer.Text, $"<NextContinuationToken>{token}</NextContinuationToken>");
                break;
            case S3Fault.ListingTwice when listing && Contents().Match(answer.Text) is { Success: true } first:
                answer.Text = answer.Text.Replace("</ListBucketResult>", first.Value + "</ListBucketResult>", StringComparison.Ordinal);
                break;
            case S3Fault.ListingOfOthers when listing && Contents().Match(answer.Text) is { Success: true } entry:
                answer.Text = answer.Text.Replace(
                    "</ListBucketResult>",
                    Key().Replace(entry.Value, "<Key>another/repository</Key>") + "</ListBucketResult>",
                    StringComparison.Ordinal
                );
                break;
            case S3Fault.RangeIgnored when part && uploaded is not null:
                (answer.Status, answer.Body) = (200, uploaded);
                answer.Set("Content-Range", null);
                break;
            case S3Fault.PartAsWhole when part:
                answer.Status = 200;
                answer.Set("Content-Range", null);
                break;
            case S3Fault.WrongContentRange when part && answer.Headers.TryGetValue("Content-Range", out var range):
                answer.Set(
                    "Content-Range",
                    FirstByte()
                        .Replace(
                            range[0],
                            match => $"bytes {long.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture) + 1}-"
                        )
                );
                break;
            case S3Fault.EmptyAnswer when request.Method == "GET":
                (answer.Status, answer.Body) = (200, []);
                answer.Set("Content-Range", null);
                break;
            case S3Fault.ErrorInside when request.Method != "HEAD":
                answer.Become(
                    200,
                    "application/xml",
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>InternalError</Code><Message>On purpose.</Message></Error>"
                );
                break;
            case S3Fault.HtmlPage:
                answer.Become(200, "text/html;charset=ISO-8859-1", Page);
                break;
            case S3Fault.NotFoundPage:
                answer.Become(404, "text/html", Page);
                break;
            case S3Fault.LengthMissing when request.Method == "HEAD":
                answer.Set("Content-Length", null);
                break;
            case S3Fault.WrongETag when request.Method == "PUT":
                answer.Set("ETag", $"\"{new string('0', 32)}\"");
                break;
            case S3Fault.Archived when listing:
                answer.Text = Class().Replace(answer.Text, "<StorageClass>GLACIER</StorageClass>");
                break;
            case S3Fault.Archived when request.Method == "HEAD" && answer.Status == 200:
                answer.Set("x-amz-storage-class", "GLACIER");
                break;
            case S3Fault.Archived when request.Method == "GET" && answer.Status is 200 or 206:
                answer.Become(
                    403,
                    "application/xml",
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>InvalidObjectState</Code><Message>The operation "
                        + "is not valid for the object's storage class</Message><StorageClass>GLACIER</StorageClass></Error>"
                );
                break;
        }
    }

    [GeneratedRegex(
        "<KeyCount>.*?</KeyCount>|<NextContinuationToken>.*?</NextContinuationToken>|<ContinuationToken>.*?</ContinuationToken>",
        RegexOptions.Singleline
    )]
    private static partial Regex VersionTwo();

    [GeneratedRegex("<NextContinuationToken>.*?</NextContinuationToken>", RegexOptions.Singleline)]
    private static partial Regex NextToken();

    [GeneratedRegex("<Contents>.*?</Contents>", RegexOptions.Singleline)]
    private static partial Regex Contents();

    [GeneratedRegex("<Key>.*?</Key>", RegexOptions.Singleline)]
    private static partial Regex Key();

    [GeneratedRegex("<StorageClass>.*?</StorageClass>", RegexOptions.Singleline)]
    private static partial Regex Class();

    [GeneratedRegex("^bytes ([0-9]+)-")]
    private static partial Regex FirstByte();
}
