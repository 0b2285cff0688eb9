using System.Buffers.Binary;
using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.DemoTenant.Generation;

/// <summary>
/// quickXorHash, bit by bit as OneDrive's documentation describes it. It is slow and deliberately not the module's code: the tenant must
/// not share its client's mistakes.
/// </summary>
public static class PlainQuickXorHash
{
    public static string Of(long seed, long size)
    {
        var state = new byte[20];
        var buffer = new byte[64 * 1024];
        for (long start = 0; start < size; start += buffer.Length)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, size - start));
            SeededContent.Fill(seed, start, part);
            for (var i = 0; i < part.Length; i++)
                Mix(state, (int)(11 * ((start + i) % 160) % 160), part[i]);
        }

        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, size);
        for (var i = 0; i < 8; i++)
            state[12 + i] ^= length[i];
        return Convert.ToBase64String(state);
    }

    public static string Of(byte[] content)
    {
        var state = new byte[20];
        for (var i = 0; i < content.Length; i++)
            Mix(state, (int)(11L * (i % 160) % 160), content[i]);
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, content.Length);
        for (var i = 0; i < 8; i++)
            state[12 + i] ^= length[i];
        return Convert.ToBase64String(state);
    }

    private static void Mix(byte[] state, int bit, byte value)
    {
        var shifted = value << (bit % 8);
        state[bit / 8] ^= (byte)shifted;
        state[((bit / 8) + 1) % 20] ^= (byte)(shifted >> 8);
    }
}
