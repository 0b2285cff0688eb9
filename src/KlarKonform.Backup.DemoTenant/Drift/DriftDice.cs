using System.Security.Cryptography;
using System.Text;

namespace KlarKonform.Backup.DemoTenant.Drift;

/// <summary>
/// Decides by a seed and a key only: requests come concurrently and in any order, and the same thing always gets the same decision.
/// Thread-safe.
/// </summary>
/// <param name="seed">The seed.</param>
internal sealed class DriftDice(int seed)
{
    /// <summary>Whether something happens to this key.</summary>
    public bool Falls(double share, string what, string key) => For(what, key).NextDouble() < share;

    /// <summary>Random numbers that belong to this key.</summary>
    public Random For(string what, string key) =>
        new(BitConverter.ToInt32(SHA256.HashData(Encoding.UTF8.GetBytes($"{seed}|{what}|{key}")), 0));
}
