using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;

namespace KlarKonform.Backup.DemoTenant.Http.Protocol;

/// <summary>
/// The upload host: pre-authenticated URLs that accept content in pieces, in order (driveitem-createuploadsession: every piece but the last
/// a multiple of 320 KiB, each below 60 MiB; attachment-createuploadsession: at most 4 MB each). A bearer token must not be sent there.
/// </summary>
internal sealed class UploadSessions(RequestCounters counters, ContentMeter meter)
{
    private const int PieceUnit = 320 * 1024;
    private const int MaxPiece = 60 << 20;
    private const int MaxAttachmentPiece = 4 << 20;

    private readonly ConcurrentDictionary<string, Session> _sessions = new();

    /// <summary>Scheme, host and port: different from Graph's.</summary>
    public string Host { get; set; } = "";

    /// <summary>How many of the next pieces are cut in the middle: a part of them has arrived.</summary>
    public int Break { get; set; }

    /// <summary>A URL for content; when it is complete its bytes are passed to the callback, whose result is the answer.</summary>
    public string Issue(bool isAttachment, Func<byte[], object> done)
    {
        var ticket = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
        _sessions[ticket] = new Session(isAttachment, done);
        return $"{Host}/upload/{ticket}?tempauth={ticket}";
    }

    public async Task ServeAsync(HttpContext context, string ticket)
    {
        if (context.Request.Headers.ContainsKey("Authorization"))
        {
            counters.Violate("a bearer token was sent to the upload host");
            context.Response.StatusCode = 401;
            return;
        }

        if (meter.IsCut || !_sessions.TryGetValue(ticket, out var session))
        {
            context.Response.StatusCode = 404;
            await context.Response.WriteAsJsonAsync(new GraphErrorException(404, "itemNotFound", "The upload session was not found").Body);
            return;
        }

        if (HttpMethods.IsGet(context.Request.Method))
        {
            await context.Response.WriteAsJsonAsync(session.State);
            return;
        }

        counters.Count("uploadPiece");
        using var piece = new MemoryStream();
        await context.Request.Body.CopyToAsync(piece, context.RequestAborted);
        if (
            !ContentRangeHeaderValue.TryParse(context.Request.Headers.ContentRange, out var range)
            || range is not { From: { } from, To: { } to, Length: { } total }
            || to - from + 1 != piece.Length
        )
        {
            await RefuseAsync(context, 400, "invalidRequest", "Content-Range does not fit the body.");
            return;
        }

        if (from != session.Received.Length)
        {
            await RefuseAsync(
                context,
                416,
                "invalidRange",
                "The uploaded fragment overlaps with or misses data that has already been received."
            );
            return;
        }

        var max = session.IsAttachment ? MaxAttachmentPiece : MaxPiece;
        if (piece.Length > max || (!session.IsAttachment && to + 1 < total && piece.Length % PieceUnit != 0))
        {
            counters.Violate($"a piece of {piece.Length} bytes of {total}");
            await RefuseAsync(context, 400, "invalidRequest", "The fragment has a size that is not allowed.");
            return;
        }

        if (Break > 0 && piece.Length > 1)
        {
            Break--;
            session.Received.Write(piece.GetBuffer(), 0, (int)(piece.Length / 2));
            context.Abort();
            return;
        }

        piece.WriteTo(session.Received);
        if (to + 1 < total)
        {
            context.Response.StatusCode = session.IsAttachment ? 200 : 202;
            await context.Response.WriteAsJsonAsync(session.State);
            return;
        }

        _sessions.TryRemove(ticket, out _);
        try
        {
            var answer = session.Done(session.Received.ToArray());
            context.Response.StatusCode = 201;
            await context.Response.WriteAsJsonAsync(answer);
        }
        catch (GraphErrorException error)
        {
            context.Response.StatusCode = error.Status;
            await context.Response.WriteAsJsonAsync(error.Body);
        }
    }

    private static Task RefuseAsync(HttpContext context, int status, string code, string message)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(new GraphErrorException(status, code, message).Body);
    }

    private sealed record Session(bool IsAttachment, Func<byte[], object> Done)
    {
        public MemoryStream Received { get; } = new();

        public object State =>
            new
            {
                expirationDateTime = DateTimeOffset.UtcNow.AddHours(1),
                nextExpectedRanges = new[] { Received.Length.ToString(CultureInfo.InvariantCulture) + "-" },
            };
    }
}
