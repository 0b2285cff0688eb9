namespace KlarKonform.Backup.WhatsApp.Receiving;

/// <summary>A webhook as stored in the spool.</summary>
/// <param name="Received">When it came; UTC.</param>
/// <param name="Signature">The signature that came with it, or null if another program stored it.</param>
/// <param name="Body">The body's bytes as they came.</param>
/// <param name="End">The record's end in its file, in bytes from the start: everything before it is taken in together with it.</param>
public sealed record SpoolRecord(DateTimeOffset Received, string? Signature, ReadOnlyMemory<byte> Body, long End);
