using KlarKonform.Backup.Graph.Authentication;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Engine.Connections;

/// <summary>A Graph client and what it depends on.</summary>
internal sealed class GraphConnection(GraphClient client, GraphTokenSource tokens, HttpMessageHandler handler) : IDisposable
{
    public GraphClient Client => client;

    public GraphTokenSource Tokens => tokens;

    public void Dispose()
    {
        client.Dispose();
        client.Governor.Dispose();
        tokens.Dispose();
        handler.Dispose();
    }
}
