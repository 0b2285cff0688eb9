using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace KlarKonform.Backup.Repository.Crypto;

/// <summary>
/// Seals and opens what is stored: <c>IV (16) ‖ AES-256-CTR(plain text) ‖ Poly1305-AES MAC (16)</c>
/// (restic's doc/design.rst, "Keys, Encryption and MAC"). Safe for many threads.
/// </summary>
public sealed class CryptoKey : IDisposable
{
    /// <summary>Bytes that sealing adds.</summary>
    public const int Overhead = IvSize + MacSize;

    private const int IvSize = 16;
    private const int MacSize = 16;
    private const int BlockSize = 16;

    private readonly Aes _cipher;
    private readonly Aes _macCipher;
    private readonly byte[] _encryption;
    private readonly byte[] _macK;
    private readonly byte[] _macR;

    /// <summary>Takes copies of the three secrets: 32 bytes of AES key, 16 bytes k and 16 bytes r of Poly1305-AES.</summary>
    public CryptoKey(ReadOnlySpan<byte> encryption, ReadOnlySpan<byte> macK, ReadOnlySpan<byte> macR)
    {
        _encryption = encryption.ToArray();
        _macK = macK.ToArray();
        _macR = macR.ToArray();
        Clamp(_macR);
        _cipher = Aes.Create();
        _cipher.Key = _encryption;
        _macCipher = Aes.Create();
        _macCipher.Key = _macK;
    }

    internal ReadOnlySpan<byte> Encryption => _encryption;

    internal ReadOnlySpan<byte> MacK => _macK;

    internal ReadOnlySpan<byte> MacR => _macR;

    /// <summary>A new random key.</summary>
    public static CryptoKey Generate()
    {
        Span<byte> secrets = stackalloc byte[64];
        RandomNumberGenerator.Fill(secrets);
        var key = new CryptoKey(secrets[..32], secrets[32..48], secrets[48..]);
        CryptographicOperations.ZeroMemory(secrets);
        return key;
    }

    /// <summary>Seals <paramref name="plain"/> into <paramref name="target"/>, which must be <see cref="Overhead"/> bytes longer. They must not overlap.</summary>
    public void Seal(ReadOnlySpan<byte> plain, Span<byte> target)
    {
        var iv = target[..IvSize];
        RandomNumberGenerator.Fill(iv);
        var cipherText = target.Slice(IvSize, plain.Length);
        ApplyCtr(iv, plain, cipherText);
        ComputeMac(iv, cipherText, target.Slice(IvSize + plain.Length, MacSize));
    }

    /// <summary>Checks and opens a sealed message.</summary>
    /// <returns>The plain text's length: the first bytes of <paramref name="target"/>.</returns>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Damaged"/>: the MAC does not fit; nothing was written.</exception>
    public int Open(ReadOnlySpan<byte> message, Span<byte> target)
    {
        if (message.Length < Overhead)
            throw new RepositoryException(RepositoryErrorKind.Damaged, "The sealed text is too short.");
        var iv = message[..IvSize];
        var cipherText = message[IvSize..^MacSize];
        Span<byte> mac = stackalloc byte[MacSize];
        ComputeMac(iv, cipherText, mac);
        if (!CryptographicOperations.FixedTimeEquals(mac, message[^MacSize..]))
            throw new RepositoryException(RepositoryErrorKind.Damaged, "The stored bytes do not match their authentication code.");
        ApplyCtr(iv, cipherText, target[..cipherText.Length]);
        return cipherText.Length;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _cipher.Dispose();
        _macCipher.Dispose();
        CryptographicOperations.ZeroMemory(_encryption);
        CryptographicOperations.ZeroMemory(_macK);
        CryptographicOperations.ZeroMemory(_macR);
    }

    // .NET has no CTR mode: the counters are encrypted in ECB, some kibibytes at a time, and XORed over the text.
    private void ApplyCtr(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> source, Span<byte> target)
    {
        const int batch = 8192;
        Span<byte> counters = stackalloc byte[batch];
        Span<byte> pad = stackalloc byte[batch];
        var high = BinaryPrimitives.ReadUInt64BigEndian(iv);
        var low = BinaryPrimitives.ReadUInt64BigEndian(iv[8..]);
        for (var done = 0; done < source.Length; done += batch)
        {
            var length = Math.Min(batch, source.Length - done);
            var blocks = (length + BlockSize - 1) / BlockSize;
            for (var i = 0; i < blocks; i++)
            {
                BinaryPrimitives.WriteUInt64BigEndian(counters[(i * BlockSize)..], high);
                BinaryPrimitives.WriteUInt64BigEndian(counters[((i * BlockSize) + 8)..], low);
                if (++low == 0)
                    high++;
            }

            _cipher.EncryptEcb(counters[..(blocks * BlockSize)], pad, PaddingMode.None);
            Xor(source.Slice(done, length), pad, target.Slice(done, length));
        }
    }

    private static void Xor(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, Span<byte> target)
    {
        var i = 0;
        for (; i <= left.Length - Vector<byte>.Count; i += Vector<byte>.Count)
            (new Vector<byte>(left[i..]) ^ new Vector<byte>(right[i..])).CopyTo(target[i..]);
        for (; i < left.Length; i++)
            target[i] = (byte)(left[i] ^ right[i]);
    }

    // The MAC runs over the cipher text alone; its one-time pad is the IV encrypted under k.
    private void ComputeMac(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> cipherText, Span<byte> mac)
    {
        Span<byte> pad = stackalloc byte[BlockSize];
        _macCipher.EncryptEcb(iv, pad, PaddingMode.None);
        Poly1305Mac.Compute(_macR, pad, cipherText, mac);
    }

    // Poly1305's r has 22 bits that must be zero (D. J. Bernstein, "The Poly1305-AES message-authentication code", section 2).
    private static void Clamp(Span<byte> r)
    {
        r[3] &= 15;
        r[7] &= 15;
        r[11] &= 15;
        r[15] &= 15;
        r[4] &= 252;
        r[8] &= 252;
        r[12] &= 252;
    }
}
