namespace KlarKonform.Backup.Graph.Http;

/// <summary>A photo's bytes. A gateway's page or an empty response with 200 is not a photo.</summary>
public static class PhotoBytes
{
    /// <summary>The bytes, if they may be an image.</summary>
    /// <exception cref="GraphException">BrokenAnswer: there are none, or they are text.</exception>
    public static byte[] Checked(byte[] bytes) =>
        bytes.AsSpan().TrimStart("\uFEFF \r\n\t"u8) is [not ((byte)'<' or (byte)'{'), ..]
            ? bytes
            : throw GraphException.Broken("A photo was asked for, and another kind of answer came.");
}
