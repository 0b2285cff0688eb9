using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using KlarKonform.Backup.Repository.Crypto;

namespace KlarKonform.Backup.Repository.Tests;

/// <summary>
/// Another program that writes sealed files into a repository, whatever they contain: by the format's specification, not by our own code.
/// </summary>
internal static class ForeignProgram
{
    /// <summary>Writes uncompressed JSON below a folder such as <c>index</c> or <c>locks</c>.</summary>
    public static void Write(string repository, string password, string folder, string json)
    {
        using var key = OpenKey(repository, password);
        var stored = Seal(key, Encoding.UTF8.GetBytes(json));
        Directory.CreateDirectory(Path.Combine(repository, folder));
        File.WriteAllBytes(Path.Combine(repository, folder, Convert.ToHexString(SHA256.HashData(stored)).ToLowerInvariant()), stored);
    }

    /// <summary>Seals JSON as a file of the repository with this key.</summary>
    public static byte[] Seal(CryptoKey key, object json) => Seal(key, JsonSerializer.SerializeToUtf8Bytes(json));

    /// <summary>Opens a lock, compressed or not (the format's "Unpacked Data Format").</summary>
    public static JsonElement Open(CryptoKey key, byte[] stored)
    {
        var plain = new byte[stored.Length];
        var text = plain.AsSpan(0, key.Open(stored, plain));
        using var decompressor = new ZstdSharp.Decompressor();
        return JsonSerializer.Deserialize<JsonElement>(text[0] == 2 ? decompressor.Unwrap(text[1..]) : text);
    }

    public static void WriteLock(string repository, string password, int process, string host) =>
        Write(
            repository,
            password,
            "locks",
            JsonSerializer.Serialize(
                new
                {
                    time = DateTimeOffset.UtcNow,
                    exclusive = true,
                    hostname = host,
                    username = "somebody",
                    pid = process,
                }
            )
        );

    /// <summary>Writes a lock that a run of ours on another machine last renewed this long ago.</summary>
    public static void WriteAbandonedLock(string repository, string password, string purpose, TimeSpan age) =>
        Write(
            repository,
            password,
            "locks",
            JsonSerializer.Serialize(
                new
                {
                    time = DateTimeOffset.UtcNow - age,
                    exclusive = false,
                    hostname = "another-host",
                    username = "somebody",
                    pid = 4711,
                    klarkonform_purpose = purpose,
                    klarkonform_started = DateTimeOffset.UtcNow - age,
                }
            )
        );

    /// <summary>Creates an empty repository whose only key costs as much as requested.</summary>
    public static void Initialize(string repository, string password, int n, int r, int p)
    {
        var master = RandomNumberGenerator.GetBytes(64);
        var plain = JsonSerializer.SerializeToUtf8Bytes(new { mac = new { k = master[32..48], r = master[48..] }, encrypt = master[..32] });
        var salt = RandomNumberGenerator.GetBytes(64);
        using var user = UserKey(password, salt, n, r, p);
        var key = JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                created = DateTimeOffset.UtcNow,
                username = "u",
                hostname = "h",
                kdf = "scrypt",
                N = n,
                r,
                p,
                salt,
                data = Seal(user, plain),
            }
        );
        Directory.CreateDirectory(Path.Combine(repository, "keys"));
        File.WriteAllBytes(Path.Combine(repository, "keys", Convert.ToHexString(SHA256.HashData(key)).ToLowerInvariant()), key);
        using var masterKey = new CryptoKey(master.AsSpan(0, 32), master.AsSpan(32, 16), master.AsSpan(48, 16));
        File.WriteAllBytes(
            Path.Combine(repository, "config"),
            Seal(
                masterKey,
                JsonSerializer.SerializeToUtf8Bytes(
                    new
                    {
                        version = 2,
                        id = Convert.ToHexString(RandomNumberGenerator.GetBytes(32)).ToLowerInvariant(),
                        chunker_polynomial = "25b468838dcb75",
                    }
                )
            )
        );
    }

    private static byte[] Seal(CryptoKey key, byte[] plain)
    {
        var stored = new byte[plain.Length + CryptoKey.Overhead];
        key.Seal(plain, stored);
        return stored;
    }

    private static CryptoKey UserKey(string password, byte[] salt, int n, int r, int p)
    {
        var derived = Org.BouncyCastle.Crypto.Generators.SCrypt.Generate(Encoding.UTF8.GetBytes(password), salt, n, r, p, 64);
        return new CryptoKey(derived.AsSpan(0, 32), derived.AsSpan(32, 16), derived.AsSpan(48, 16));
    }

    public static CryptoKey OpenKey(string repository, string password)
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(Directory.GetFiles(Path.Combine(repository, "keys"))[0]));
        var root = file.RootElement;
        using var user = UserKey(
            password,
            root.GetProperty("salt").GetBytesFromBase64(),
            root.GetProperty("N").GetInt32(),
            root.GetProperty("r").GetInt32(),
            root.GetProperty("p").GetInt32()
        );
        var data = root.GetProperty("data").GetBytesFromBase64();
        var plain = new byte[data.Length];
        using var master = JsonDocument.Parse(plain.AsMemory(0, user.Open(data, plain)));
        var mac = master.RootElement.GetProperty("mac");
        return new CryptoKey(
            master.RootElement.GetProperty("encrypt").GetBytesFromBase64(),
            mac.GetProperty("k").GetBytesFromBase64(),
            mac.GetProperty("r").GetBytesFromBase64()
        );
    }
}
