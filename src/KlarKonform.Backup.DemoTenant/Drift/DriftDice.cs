using System.Security.Cryptography;
using System.Text;

namespace KlarKonform.Backup.DemoTenant.Drift;

/// <summary>Decides by a seed and a key alone: requests come side by side and in any order, and the same thing is always decided alike. Thread-safe.</summary>
/// <param name="seed">The seed.</param>
internal sealed class DriftDice(int seed)
{
    /// <summary>Whether something of this key happens.</summary>
    public bool Falls(double share, string what, string key) => For(what, key).NextDouble() < share;

    /// <summary>Random numbers that are this key's own.</summary>
    public Random For(string what, string key) =>
        new(BitConverter.ToInt32(SHA256.HashData(Encoding.UTF8.GetBytes($"{seed}|{what}|{key}")), 0));
}
