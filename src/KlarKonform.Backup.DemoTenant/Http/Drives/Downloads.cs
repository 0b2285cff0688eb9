using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.DemoTenant.Http.Drives;

/// <summary>The download host: pre-authenticated URLs that are valid for a while, ranges, and no bearer token.</summary>
internal sealed class Downloads(RequestCounters counters, bool toleratesTokens, ContentMeter meter)
{
    private readonly ConcurrentDictionary<string, Ticket> _tickets = new();

    /// <summary>Scheme, host and port: different from Graph's.</summary>
    public string Host { get; set; } = "";

    /// <summary>How many of the next downloads break off in the middle.</summary>
    public int Break { get; set; }

    /// <summary>How many of the next requests are refused with 429.</summary>
    public int Refuse { get; set; }

    /// <summary>A URL for content.</summary>
    public string Issue(long seed, long size, byte[]? content = null)
    {
        var ticket = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
        _tickets[ticket] = new Ticket(seed, size, content);
        return $"{Host}/download/{ticket}?tempauth={ticket}";
    }

    /// <summary>Makes every URL issued so far expire.</summary>
    public void Expire() => _tickets.Clear();

    public async Task ServeAsync(HttpContext context, string name)
    {
        counters.Count("download");
        if (context.Request.Headers.ContainsKey("Authorization"))
        {
            counters.Violate("a bearer token was sent to the download host");
            if (!toleratesTokens)
            {
                context.Response.StatusCode = 401;
                return;
            }
        }

        if (!_tickets.TryGetValue(name, out var ticket))
        {
            context.Response.StatusCode = 404;
            return;
        }

        if (Refuse > 0)
        {
            Refuse--;
            context.Response.StatusCode = 429;
            context.Response.Headers.RetryAfter = "1";
            return;
        }

        var broken = Break > 0 && ticket.Size > 1;
        if (broken)
            Break--;
        var (from, to) = (0L, ticket.Size - 1);
        if (
            System.Net.Http.Headers.RangeHeaderValue.TryParse(context.Request.Headers.Range, out var range)
            && range.Ranges.FirstOrDefault() is { From: { } start } first
        )
        {
            if (start >= ticket.Size)
            {
                context.Response.StatusCode = 416;
                return;
            }

            (from, to) = (start, Math.Min(first.To ?? to, to));
            context.Response.StatusCode = 206;
            context.Response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {from}-{to}/{ticket.Size}");
        }

        context.Response.ContentLength = to - from + 1;
        context.Response.Headers.AcceptRanges = "bytes";
        await using var body = meter.Open(context.Response.Body, string.Create(CultureInfo.InvariantCulture, $"file:{ticket.Seed}"));
        var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(128 * 1024);
        for (var position = from; position <= to; )
        {
            var part = buffer.AsMemory(0, (int)Math.Min(buffer.Length, to - position + 1));
            if (ticket.Content is { } content)
                content.AsSpan((int)position, part.Length).CopyTo(part.Span);
            else
                SeededContent.Fill(ticket.Seed, position, part.Span);
            if (broken && position + part.Length > from + ((to - from) / 2))
            {
                await body.WriteAsync(part[..(part.Length / 2)], context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
                context.Abort();
                return;
            }

            await body.WriteAsync(part, context.RequestAborted);
            position += part.Length;
        }

        System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
    }

    private sealed record Ticket(long Seed, long Size, byte[]? Content);
}
