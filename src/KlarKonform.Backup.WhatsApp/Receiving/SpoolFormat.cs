using System.Buffers;
using System.Text;
using System.Text.Json;

namespace KlarKonform.Backup.WhatsApp.Receiving;

/// <summary>
/// The spool's format: files of JSON lines, <c>{"received":…,"signature":…,"body":"…"}</c>, the body as text exactly as it came, or in
/// base64 (<c>bodyBase64</c>) if it is not UTF-8. A line counts once its line feed is there. docs/whatsapp.md describes the format for
/// other writers.
/// </summary>
internal static class SpoolFormat
{
    public const string Extension = ".jsonl";

    // Only text is written, so nothing needs escaping for HTML; a body full of umlauts stays short.
    private static readonly JsonWriterOptions s_options = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    public static void Write(ArrayBufferWriter<byte> target, DateTimeOffset received, string signature, ReadOnlySpan<byte> body)
    {
        using (var writer = new Utf8JsonWriter(target, s_options))
        {
            writer.WriteStartObject();
            writer.WriteString("received", received.UtcDateTime);
            writer.WriteString("signature", signature);
            if (System.Text.Unicode.Utf8.IsValid(body))
                writer.WriteString("body", body);
            else
                writer.WriteBase64String("bodyBase64", body);
            writer.WriteEndObject();
        }

        target.GetSpan(1)[0] = (byte)'\n';
        target.Advance(1);
    }

    /// <summary>
    /// Reads a line without its line feed, or returns null if it is not a spool line: torn by a crash, or from another program.
    /// </summary>
    public static SpoolRecord? Read(ReadOnlyMemory<byte> line, long end)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            if (
                root.ValueKind != JsonValueKind.Object
                || !root.TryGetProperty("received", out var received)
                || !received.TryGetDateTimeOffset(out var time)
            )
                return null;
            var signature =
                root.TryGetProperty("signature", out var given) && given.ValueKind == JsonValueKind.String ? given.GetString() : null;
            if (root.TryGetProperty("body", out var body) && body.ValueKind == JsonValueKind.String)
                return new SpoolRecord(time.ToUniversalTime(), signature, Encoding.UTF8.GetBytes(body.GetString()!), end);
            return root.TryGetProperty("bodyBase64", out var coded) && coded.TryGetBytesFromBase64(out var bytes)
                ? new SpoolRecord(time.ToUniversalTime(), signature, bytes, end)
                : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
