namespace KlarKonform.Backup.WhatsApp.Receiving;

/// <summary>A request that only gets a refusal as its response.</summary>
internal sealed class HttpProtocolException(int status) : Exception($"HTTP {status}")
{
    public int Status => status;
}
