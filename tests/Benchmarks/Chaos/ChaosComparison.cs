using System.Security.Cryptography;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http;
using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.Benchmarks.Chaos;

/// <summary>
/// Compares the tenant with what stock restic restores: every mail and file by its bytes, events and contacts by their number.
/// </summary>
internal sealed class ChaosComparison
{
    private readonly List<string> _expected = [];
    private readonly Dictionary<string, long> _sizes = [];

    public ChaosComparison(DemoTenantServer tenant) =>
        tenant.Change(
            (model, _) =>
            {
                foreach (var user in model.Users)
                {
                    foreach (var message in user.Mailbox?.Messages.Values.ToArray() ?? [])
                    {
                        var mime = MimeWriter.Write(message);
                        _sizes["mail:" + message.Id] = mime.Length;
                        _expected.Add($"mail {user.UserPrincipalName} {Convert.ToHexString(SHA256.HashData(mime))}");
                    }

                    foreach (
                        var item in user.Drive?.Items.Values.Where(item =>
                                item is { IsFolder: false, IsShortcut: false, ParentId: not null }
                            )
                            .ToArray()
                            ?? []
                    )
                    {
                        var content = (item.ServedContent ?? SeededContent.Bytes(item.Seed, (int)item.Size + item.ServedLonger));
                        _sizes[string.Create(System.Globalization.CultureInfo.InvariantCulture, $"file:{item.Seed}")] = content.Length;
                        _expected.Add($"file {user.UserPrincipalName} {Convert.ToHexString(SHA256.HashData(content))}");
                    }

                    _expected.AddRange(Enumerable.Repeat($"event {user.UserPrincipalName}", user.Mailbox?.Events.Count ?? 0));
                    _expected.AddRange(Enumerable.Repeat($"contact {user.UserPrincipalName}", user.Mailbox?.Contacts.Count ?? 0));
                }
            }
        );

    /// <summary>Bytes of content that a first backup has to download.</summary>
    public long Bytes => _sizes.Values.Sum();

    /// <summary>Bytes that were served beyond what was needed.</summary>
    public long Twice(IReadOnlyDictionary<string, long> served) =>
        served.Sum(pair => Math.Max(0, pair.Value - _sizes.GetValueOrDefault(pair.Key)));

    /// <summary>The part of <see cref="Twice"/> that belongs to items that had been read to their end before the kill.</summary>
    public long TwiceWhole(IReadOnlyDictionary<string, long> served) =>
        served.Sum(pair => _sizes.GetValueOrDefault(pair.Key) is > 0 and var size && pair.Value >= 2 * size ? pair.Value - size : 0);

    /// <summary>Items that are missing below a restored folder, and surplus items.</summary>
    public (int Lost, int Doubled) Compare(string restored)
    {
        var present = new List<string>();
        foreach (var file in Directory.EnumerateFiles(restored, "*", SearchOption.AllDirectories))
        {
            var parts = Path.GetRelativePath(restored, file).Split('/');
            if (parts is ["Exchange", var mailbox, "Mail", ..])
                present.Add($"mail {mailbox} {Hash(file)}");
            else if (parts is ["OneDrive", var drive, ..] && !IsShortcut(file))
                present.Add($"file {drive} {Hash(file)}");
            else if (
                parts is ["Exchange", var other, var kind and ("Calendar" or "Contacts"), ..]
                && file.EndsWith(".json", StringComparison.Ordinal)
            )
                present.Add($"{(kind == "Calendar" ? "event" : "contact")} {other}");
        }

        var counts = new Dictionary<string, int>();
        foreach (var item in _expected)
            counts[item] = counts.GetValueOrDefault(item) + 1;
        foreach (var item in present)
            counts[item] = counts.GetValueOrDefault(item) - 1;
        return (counts.Values.Where(count => count > 0).Sum(), -counts.Values.Where(count => count < 0).Sum());
    }

    // Stored as its Graph properties: it has no content of its own.
    private static bool IsShortcut(string file) =>
        new FileInfo(file).Length < 8_000 && File.ReadAllText(file).Contains("remoteItem", StringComparison.Ordinal);

    private static string Hash(string file)
    {
        using var stream = File.OpenRead(file);
        return Convert.ToHexString(SHA256.HashData(stream));
    }
}
