namespace KlarKonform.Backup.WhatsApp.Receiving;

/// <summary>A request that is not to be answered but by its refusal.</summary>
internal sealed class HttpProtocolException(int status) : Exception($"HTTP {status}")
{
    public int Status => status;
}
