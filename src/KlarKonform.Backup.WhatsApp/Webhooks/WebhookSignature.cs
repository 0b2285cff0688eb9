using System.Security.Cryptography;
using System.Text;

namespace KlarKonform.Backup.WhatsApp.Webhooks;

/// <summary>
/// Meta's signature of a webhook: HMAC-SHA256 of the raw body with the app secret as key, in <c>X-Hub-Signature-256: sha256=…</c> (Meta,
/// "Create a webhook endpoint"). Computed over the bytes as received: reserialised they would differ.
/// </summary>
public static class WebhookSignature
{
    /// <summary>The header's name.</summary>
    public const string Header = "X-Hub-Signature-256";

    private const string Prefix = "sha256=";

    /// <summary>Whether the header's value matches the body; takes the same time for every wrong one.</summary>
    public static bool Matches(ReadOnlySpan<byte> body, string? signature, string appSecret)
    {
        if (
            signature is null
            || !signature.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)
            || signature.Length != Prefix.Length + (2 * HMACSHA256.HashSizeInBytes)
        )
            return false;
        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(Encoding.UTF8.GetBytes(appSecret), body, expected);
        byte[] given;
        try
        {
            given = Convert.FromHexString(signature.AsSpan(Prefix.Length));
        }
        catch (FormatException)
        {
            return false;
        }

        return CryptographicOperations.FixedTimeEquals(expected, given);
    }

    /// <summary>The header's value for a body: for test senders.</summary>
    public static string Of(ReadOnlySpan<byte> body, string appSecret) =>
        Prefix + Convert.ToHexString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(appSecret), body)).ToLowerInvariant();
}
