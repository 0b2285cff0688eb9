namespace KlarKonform.Backup.WhatsApp.Receiving;

/// <summary>Header names (RFC 9110, 5.6.2).</summary>
internal static class HttpTokens
{
    private static readonly System.Buffers.SearchValues<char> s_token = System.Buffers.SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    );

    public static bool ContainsOnlyToken(this ReadOnlySpan<char> name) => !name.ContainsAnyExcept(s_token);
}
