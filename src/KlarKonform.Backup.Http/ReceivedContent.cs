using System.Net;

namespace KlarKonform.Backup.Http;

/// <summary>A response body, however it is read: as a stream, as a whole, synchronously.</summary>
internal sealed class ReceivedContent : HttpContent
{
    private readonly HttpContent _body;
    private readonly TimeSpan _silence;
    private readonly TimeProvider _time;
    private readonly Action? _moved;

    public ReceivedContent(HttpContent body, TimeSpan silence, TimeProvider time, Action? moved)
    {
        (_body, _silence, _time, _moved) = (body, silence, time, moved);
        foreach (var (name, values) in body.Headers.NonValidated)
            Headers.TryAddWithoutValidation(name, values);
    }

    protected override Task<Stream> CreateContentReadStreamAsync() => CreateContentReadStreamAsync(CancellationToken.None);

    protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) =>
        Limited(await _body.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false));

    protected override Stream CreateContentReadStream(CancellationToken cancellationToken) =>
        Limited(_body.ReadAsStream(cancellationToken));

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await using var body = await CreateContentReadStreamAsync(cancellationToken).ConfigureAwait(false);
        await body.CopyToAsync(stream, cancellationToken).ConfigureAwait(false);
    }

    protected override void SerializeToStream(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        using var body = CreateContentReadStream(cancellationToken);
        body.CopyTo(stream);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _body.Headers.ContentLength ?? 0;
        return _body.Headers.ContentLength is not null;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _body.Dispose();
        base.Dispose(disposing);
    }

    private ReceivingStream Limited(Stream body) => new(body, _silence, _time, _moved);
}
