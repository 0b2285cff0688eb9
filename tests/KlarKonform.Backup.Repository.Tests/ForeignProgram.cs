using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using KlarKonform.Backup.Repository.Crypto;

namespace KlarKonform.Backup.Repository.Tests;

/// <summary>Another program that writes sealed files into a repository, whatever they hold: by the format's specification, not by our own code.</summary>
internal static class ForeignProgram
{
    /// <summary>Writes uncompressed JSON below a folder such as <c>index</c> or <c>locks</c>.</summary>
    public static void Write(string repository, string password, string folder, string json)
    {
        using var key = OpenKey(repository, password);
        var plain = Encoding.UTF8.GetBytes(json);
        var stored = new byte[plain.Length + CryptoKey.Overhead];
        key.Seal(plain, stored);
        Directory.CreateDirectory(Path.Combine(repository, folder));
        File.WriteAllBytes(Path.Combine(repository, folder, Convert.ToHexString(SHA256.HashData(stored)).ToLowerInvariant()), stored);
    }

    public static void WriteLock(string repository, string password, int process, string host) => Write(repository, password, "locks", JsonSerializer.Serialize(
        new { time = DateTimeOffset.UtcNow, exclusive = true, hostname = host, username = "somebody", pid = process }));

    private static CryptoKey OpenKey(string repository, string password)
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(Directory.GetFiles(Path.Combine(repository, "keys"))[0]));
        var root = file.RootElement;
        var derived = Org.BouncyCastle.Crypto.Generators.SCrypt.Generate(Encoding.UTF8.GetBytes(password), root.GetProperty("salt").GetBytesFromBase64(),
            root.GetProperty("N").GetInt32(), root.GetProperty("r").GetInt32(), root.GetProperty("p").GetInt32(), 64);
        using var user = new CryptoKey(derived.AsSpan(0, 32), derived.AsSpan(32, 16), derived.AsSpan(48, 16));
        var data = root.GetProperty("data").GetBytesFromBase64();
        var plain = new byte[data.Length];
        using var master = JsonDocument.Parse(plain.AsMemory(0, user.Open(data, plain)));
        var mac = master.RootElement.GetProperty("mac");
        return new CryptoKey(master.RootElement.GetProperty("encrypt").GetBytesFromBase64(), mac.GetProperty("k").GetBytesFromBase64(), mac.GetProperty("r").GetBytesFromBase64());
    }
}
