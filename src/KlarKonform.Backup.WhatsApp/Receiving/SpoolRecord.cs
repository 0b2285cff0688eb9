namespace KlarKonform.Backup.WhatsApp.Receiving;

/// <summary>A webhook as the spool keeps it.</summary>
/// <param name="Received">When it came; UTC.</param>
/// <param name="Signature">The signature that came with it, or null for what somebody else put there.</param>
/// <param name="Body">The body's bytes as they came.</param>
/// <param name="End">Where the record ends in its file, in bytes from the start: whatever is before is taken in with it.</param>
public sealed record SpoolRecord(DateTimeOffset Received, string? Signature, ReadOnlyMemory<byte> Body, long End);
