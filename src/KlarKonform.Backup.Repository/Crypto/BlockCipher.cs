using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace KlarKonform.Backup.Repository.Crypto;

/// <summary>
/// AES with one key, for one user at a time: single blocks, and CTR mode, which .NET lacks: counters are encrypted in ECB, some kibibytes
/// at a time, and XORed with the text. Kept and reused: setting up a cipher costs more than encrypting a small mail.
/// </summary>
internal sealed class BlockCipher : IDisposable
{
    public const int BlockSize = 16;

    private const int Batch = 16 * 1024;

    private readonly Aes _aes;
    private readonly ICryptoTransform _encryptor;
    private readonly byte[] _counters = new byte[Batch];
    private readonly byte[] _pad = new byte[Batch];

    public BlockCipher(byte[] key)
    {
        _aes = Aes.Create();
        _aes.Mode = CipherMode.ECB; // For counters that never repeat.
        _aes.Padding = PaddingMode.None;
        _aes.Key = key;
        _encryptor = _aes.CreateEncryptor();
    }

    public void EncryptBlock(ReadOnlySpan<byte> block, Span<byte> target)
    {
        block.CopyTo(_counters);
        _encryptor.TransformBlock(_counters, 0, BlockSize, _pad, 0);
        _pad.AsSpan(0, BlockSize).CopyTo(target);
    }

    /// <summary>Encrypts or decrypts; the two are the same. Source and target may be the same memory.</summary>
    public void ApplyCtr(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> source, Span<byte> target)
    {
        var high = BinaryPrimitives.ReadUInt64BigEndian(iv);
        var low = BinaryPrimitives.ReadUInt64BigEndian(iv[8..]);
        for (var done = 0; done < source.Length; done += Batch)
        {
            var length = Math.Min(Batch, source.Length - done);
            var bytes = (length + BlockSize - 1) / BlockSize * BlockSize;
            for (var i = 0; i < bytes; i += BlockSize)
            {
                BinaryPrimitives.WriteUInt64BigEndian(_counters.AsSpan(i), high);
                BinaryPrimitives.WriteUInt64BigEndian(_counters.AsSpan(i + 8), low);
                if (++low == 0)
                    high++;
            }

            _encryptor.TransformBlock(_counters, 0, bytes, _pad, 0);
            Xor(source.Slice(done, length), _pad, target.Slice(done, length));
        }
    }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_pad);
        _encryptor.Dispose();
        _aes.Dispose();
    }

    private static void Xor(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, Span<byte> target)
    {
        var i = 0;
        for (; i <= left.Length - Vector<byte>.Count; i += Vector<byte>.Count)
            (new Vector<byte>(left[i..]) ^ new Vector<byte>(right[i..])).CopyTo(target[i..]);
        for (; i < left.Length; i++)
            target[i] = (byte)(left[i] ^ right[i]);
    }
}
