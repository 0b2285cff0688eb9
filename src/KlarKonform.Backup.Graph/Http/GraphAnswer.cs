namespace KlarKonform.Backup.Graph.Http;

/// <summary>A response whose body is still to be read; its slot at the governor is held until it is disposed.</summary>
public sealed class GraphAnswer : IDisposable
{
    private readonly IDisposable _admission;

    internal GraphAnswer(HttpResponseMessage response, IDisposable admission)
    {
        Response = response;
        _admission = admission;
    }

    /// <summary>Status, headers and body.</summary>
    public HttpResponseMessage Response { get; }

    /// <inheritdoc />
    public void Dispose()
    {
        Response.Dispose();
        _admission.Dispose();
    }
}
