using System.Collections.Concurrent;
using System.Security.Cryptography;
using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Repository.Crypto;

/// <summary>
/// Seals and opens stored data: <c>IV (16) ‖ AES-256-CTR(plain text) ‖ Poly1305-AES MAC (16)</c> (restic's doc/design.rst, "Keys,
/// Encryption and MAC"). Thread-safe.
/// </summary>
public sealed class CryptoKey : IDisposable
{
    /// <summary>Number of bytes that sealing adds.</summary>
    public const int Overhead = IvSize + Poly1305Mac.Size;

    private const int IvSize = BlockCipher.BlockSize;

    private readonly ConcurrentBag<(BlockCipher Text, BlockCipher Mac)> _idle = [];
    private readonly byte[] _encryption;
    private readonly byte[] _macK;
    private readonly byte[] _macR;
    private volatile bool _disposed;

    /// <summary>Copies the three secrets: 32 bytes of AES key, 16 bytes k and 16 bytes r of Poly1305-AES.</summary>
    public CryptoKey(ReadOnlySpan<byte> encryption, ReadOnlySpan<byte> macK, ReadOnlySpan<byte> macR)
    {
        _encryption = encryption.ToArray();
        _macK = macK.ToArray();
        _macR = macR.ToArray();
        Clamp(_macR);
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

    /// <summary>
    /// Thirty-two bytes that no one without the key can distinguish from random ones, and that reveal nothing about it: the same for the
    /// same purpose.
    /// </summary>
    internal byte[] Derive(string purpose)
    {
        byte[] secrets = [.. _encryption, .. _macK, .. _macR];
        try
        {
            return HMACSHA256.HashData(secrets, System.Text.Encoding.UTF8.GetBytes(purpose));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secrets);
        }
    }

    /// <summary>
    /// Seals <paramref name="plain"/> into <paramref name="target"/>, which must be <see cref="Overhead"/> bytes longer. They must not
    /// overlap.
    /// </summary>
    public void Seal(ReadOnlySpan<byte> plain, Span<byte> target)
    {
        var ciphers = Rent();
        var iv = target[..IvSize];
        RandomNumberGenerator.Fill(iv);
        var cipherText = target.Slice(IvSize, plain.Length);
        ciphers.Text.ApplyCtr(iv, plain, cipherText);
        ComputeMac(ciphers.Mac, iv, cipherText, target.Slice(IvSize + plain.Length, Poly1305Mac.Size));
        Return(ciphers);
    }

    /// <summary>Seals <paramref name="plain"/> into an array of its own.</summary>
    public byte[] Seal(ReadOnlySpan<byte> plain)
    {
        var target = new byte[plain.Length + Overhead];
        Seal(plain, target);
        return target;
    }

    /// <summary>Checks and opens a sealed message.</summary>
    /// <returns>The plain text's length: the first bytes of <paramref name="target"/>.</returns>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Damaged"/>: the MAC does not match; nothing was
    /// written.</exception>
    public int Open(ReadOnlySpan<byte> message, Span<byte> target)
    {
        if (message.Length < Overhead)
            throw new RepositoryException(RepositoryErrorKind.Damaged, "The sealed text is too short.");
        var ciphers = Rent();
        var iv = message[..IvSize];
        var cipherText = message[IvSize..^Poly1305Mac.Size];
        Span<byte> mac = stackalloc byte[Poly1305Mac.Size];
        ComputeMac(ciphers.Mac, iv, cipherText, mac);
        var authentic = CryptographicOperations.FixedTimeEquals(mac, message[^Poly1305Mac.Size..]);
        if (authentic)
            ciphers.Text.ApplyCtr(iv, cipherText, target[..cipherText.Length]);
        Return(ciphers);
        return authentic
            ? cipherText.Length
            : throw new RepositoryException(RepositoryErrorKind.Damaged, "The stored bytes do not match their authentication code.");
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _disposed = true;
        while (_idle.TryTake(out var ciphers))
            Release(ciphers);
        CryptographicOperations.ZeroMemory(_encryption);
        CryptographicOperations.ZeroMemory(_macK);
        CryptographicOperations.ZeroMemory(_macR);
    }

    // The MAC covers only the cipher text; its one-time pad is the IV encrypted with k.
    private void ComputeMac(BlockCipher cipher, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> cipherText, Span<byte> mac)
    {
        Span<byte> pad = stackalloc byte[BlockCipher.BlockSize];
        cipher.EncryptBlock(iv, pad);
        Poly1305Mac.Compute(_macR, pad, cipherText, mac);
    }

    private (BlockCipher Text, BlockCipher Mac) Rent()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _idle.TryTake(out var ciphers) ? ciphers : (new BlockCipher(_encryption), new BlockCipher(_macK));
    }

    private void Return((BlockCipher Text, BlockCipher Mac) ciphers)
    {
        if (_disposed)
            Release(ciphers);
        else
            _idle.Add(ciphers);
    }

    private static void Release((BlockCipher Text, BlockCipher Mac) ciphers)
    {
        ciphers.Text.Dispose();
        ciphers.Mac.Dispose();
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
