using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using KlarKonform.Backup.Repository.Crypto;
using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Repository.Keys;

/// <summary>A file below <c>keys/</c>: scrypt's parameters in plain JSON, and the master key sealed under the password.</summary>
internal sealed record KeyFile
{
    // restic calibrates scrypt to half a second; these are its defaults before calibration, twice the values that the scrypt paper suggests
    // for interactive use.
    private const int DefaultN = 32768;
    private const int DefaultR = 8;
    private const int DefaultP = 1;
    private const int SaltSize = 64;

    // Above 1 GiB (128·N·r bytes) a key file is an attack on the machine, not a slow password.
    private const long MaxScryptBytes = 1L << 30;

    // The same above a thousand times the work of the defaults (N·r·p), a minute of CPU time: restic calibrates p to half a second.
    private const long MaxScryptWork = 1000L * DefaultN * DefaultR * DefaultP;

    [JsonPropertyName("created")]
    public required string Created { get; init; }

    [JsonPropertyName("username")]
    public required string UserName { get; init; }

    [JsonPropertyName("hostname")]
    public required string HostName { get; init; }

    [JsonPropertyName("kdf")]
    public required string Kdf { get; init; }

    [JsonPropertyName("N")]
    public required int N { get; init; }

    [JsonPropertyName("r")]
    public required int R { get; init; }

    [JsonPropertyName("p")]
    public required int P { get; init; }

    [JsonPropertyName("salt")]
    public required byte[] Salt { get; init; }

    [JsonPropertyName("data")]
    public required byte[] Data { get; init; }

    public static KeyFile Create(CryptoKey master, string password, string userName, string hostName, TimeProvider time)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltSize);
        var plain = JsonSerializer.SerializeToUtf8Bytes(
            new MasterKeyJson(new MacJson(master.MacK.ToArray(), master.MacR.ToArray()), master.Encryption.ToArray())
        );
        using var user = Derive(password, salt, DefaultN, DefaultR, DefaultP);
        var data = new byte[plain.Length + CryptoKey.Overhead];
        user.Seal(plain, data);
        CryptographicOperations.ZeroMemory(plain);
        return new KeyFile
        {
            Created = Json.NanoTime.From(time.GetUtcNow()).ToString(),
            UserName = userName,
            HostName = hostName,
            Kdf = "scrypt",
            N = DefaultN,
            R = DefaultR,
            P = DefaultP,
            Salt = salt,
            Data = data,
        };
    }

    /// <summary>Opens the master key, or returns null if the password does not match this key.</summary>
    public CryptoKey? TryOpen(string password)
    {
        if (
            Kdf != "scrypt"
            || N <= 1
            || !System.Numerics.BitOperations.IsPow2(N)
            || R <= 0
            || P <= 0
            || 128L * N * R > MaxScryptBytes
            || 128L * P * R > MaxScryptBytes
            || P > MaxScryptWork / ((long)N * R)
            || Data.Length <= CryptoKey.Overhead
        )
            throw new RepositoryException(RepositoryErrorKind.Damaged, "A key file has parameters outside of every sensible range.");
        using var user = Derive(password, Salt, N, R, P);
        var plain = new byte[Data.Length];
        try
        {
            var length = user.Open(Data, plain);
            var master =
                JsonSerializer.Deserialize<MasterKeyJson>(plain.AsSpan(0, length))
                ?? throw new RepositoryException(RepositoryErrorKind.Damaged, "A key file holds no master key.");
            return new CryptoKey(master.Encrypt, master.Mac.K, master.Mac.R);
        }
        catch (RepositoryException)
        {
            return null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    private static CryptoKey Derive(string password, byte[] salt, int n, int r, int p)
    {
        var text = Encoding.UTF8.GetBytes(password);
        var derived = Scrypt.Derive(text, salt, n, r, p, 64);
        var key = new CryptoKey(derived.AsSpan(0, 32), derived.AsSpan(32, 16), derived.AsSpan(48, 16));
        CryptographicOperations.ZeroMemory(text);
        CryptographicOperations.ZeroMemory(derived);
        return key;
    }

    private sealed record MasterKeyJson(
        [property: JsonPropertyName("mac")] MacJson Mac,
        [property: JsonPropertyName("encrypt")] byte[] Encrypt
    );

    private sealed record MacJson([property: JsonPropertyName("k")] byte[] K, [property: JsonPropertyName("r")] byte[] R);
}
