using System.Text;

namespace KlarKonform.Backup.TestSupport;

/// <summary>An answer of the S3 server on its way to the client, to be changed.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="headers">The headers, without those of the connection.</param>
/// <param name="body">The body.</param>
public sealed class S3Answer(int status, Dictionary<string, string[]> headers, byte[] body)
{
    public int Status { get; set; } = status;

    public Dictionary<string, string[]> Headers { get; } = headers;

    public byte[] Body { get; set; } = body;

    /// <summary>The body as text.</summary>
    public string Text
    {
        get => Encoding.UTF8.GetString(Body);
        set => Body = Encoding.UTF8.GetBytes(value);
    }

    public void Set(string header, string? value)
    {
        if (value is null)
            Headers.Remove(header);
        else
            Headers[header] = [value];
    }

    /// <summary>Replaces this answer by another one.</summary>
    public void Become(int status, string contentType, string text)
    {
        Status = status;
        Headers.Clear();
        Set("Content-Type", contentType);
        Text = text;
    }
}
