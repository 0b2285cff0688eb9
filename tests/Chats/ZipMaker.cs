using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace KlarKonform.Backup.Chats;

/// <summary>Creates ZIPs, including odd ones.</summary>
internal static class ZipMaker
{
    /// <summary>A ZIP of entries in this order, two of which may have the same name.</summary>
    public static byte[] Make(IEnumerable<(string Name, byte[] Bytes)> entries)
    {
        using var memory = new MemoryStream();
        using (var zip = new ZipArchive(memory, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, bytes) in entries)
            {
                using var content = zip.CreateEntry(name, CompressionLevel.Fastest).Open();
                content.Write(bytes);
            }
        }

        return memory.ToArray();
    }

    /// <summary>Marks an entry as encrypted (APPNOTE 4.4.4: bit 0 of the flags), in its own header and in the directory.</summary>
    public static void Encrypt(byte[] zip, string name)
    {
        var wanted = Encoding.UTF8.GetBytes(name);
        foreach (var (signature, flags, length, header) in ((uint, int, int, int)[])[(0x04034b50, 6, 26, 30), (0x02014b50, 8, 28, 46)])
        {
            for (var at = 0; at + header + wanted.Length <= zip.Length; at++)
            {
                if (
                    BinaryPrimitives.ReadUInt32LittleEndian(zip.AsSpan(at)) == signature
                    && BinaryPrimitives.ReadUInt16LittleEndian(zip.AsSpan(at + length)) == wanted.Length
                    && zip.AsSpan(at + header, wanted.Length).SequenceEqual(wanted)
                )
                    zip[at + flags] |= 1;
            }
        }
    }
}
