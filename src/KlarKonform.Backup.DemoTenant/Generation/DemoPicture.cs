using System.Buffers.Binary;
using System.IO.Compression;
using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.DemoTenant.Generation;

/// <summary>A PNG of one colour (PNG specification, 5): a picture that every browser shows.</summary>
public static class DemoPicture
{
    private const int Side = 48;

    public static byte[] Png(int seed)
    {
        var color = SeededContent.Bytes(seed, 3);
        using var pixels = new MemoryStream();
        using (var compressed = new ZLibStream(pixels, CompressionLevel.Optimal, leaveOpen: true))
        {
            for (var row = 0; row < Side; row++)
            {
                compressed.WriteByte(0);
                for (var column = 0; column < Side; column++)
                    compressed.Write(color);
            }
        }

        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, Side);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), Side);
        (header[8], header[9]) = (8, 2);
        return
        [
            0x89,
            .. "PNG\r\n"u8,
            0x1A,
            (byte)'\n',
            .. Chunk("IHDR"u8, header),
            .. Chunk("IDAT"u8, pixels.ToArray()),
            .. Chunk("IEND"u8, []),
        ];
    }

    private static byte[] Chunk(ReadOnlySpan<byte> type, byte[] data)
    {
        var chunk = new byte[12 + data.Length];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        type.CopyTo(chunk.AsSpan(4));
        data.CopyTo(chunk.AsSpan(8));
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + data.Length), Crc(chunk.AsSpan(4, 4 + data.Length)));
        return chunk;
    }

    // ISO 3309, as in PNG's annex D; bit by bit is fast enough for some hundred bytes.
    private static uint Crc(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var value in data)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) == 1 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
        }

        return ~crc;
    }
}
