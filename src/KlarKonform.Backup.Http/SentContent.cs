using System.Net;

namespace KlarKonform.Backup.Http;

/// <summary>A request body that reports how it is sent. It owns nothing: the body stays the request's.</summary>
internal sealed class SentContent : HttpContent
{
    private readonly HttpContent _body;
    private readonly AnswerWait _wait;

    public SentContent(HttpContent body, AnswerWait wait)
    {
        (_body, _wait) = (body, wait);
        foreach (var (name, values) in body.Headers.NonValidated)
            Headers.TryAddWithoutValidation(name, values);
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        _body.CopyToAsync(new SendingStream(stream, _wait), context, cancellationToken);

    protected override bool TryComputeLength(out long length)
    {
        length = _body.Headers.ContentLength ?? 0;
        return _body.Headers.ContentLength is not null;
    }
}
