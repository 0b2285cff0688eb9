using System.Security.Cryptography;
using KlarKonform.Backup.WhatsApp.Archive;

namespace KlarKonform.Backup.Chats;

/// <summary>The chats of a restored snapshot.</summary>
internal sealed class ArchivedChats
{
    private ArchivedChats(
        IReadOnlyDictionary<string, IReadOnlyList<ChatLine>> chats,
        IReadOnlySet<string> files,
        IReadOnlySet<string> texts
    ) => (Chats, Files, Texts) = (chats, files, texts);

    /// <summary>Lines by the chat's folder.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<ChatLine>> Chats { get; }

    /// <summary>SHA-256 of all files, under messages and named by no message.</summary>
    public IReadOnlySet<string> Files { get; }

    /// <summary>SHA-256 of all texts as they were exported.</summary>
    public IReadOnlySet<string> Texts { get; }

    /// <summary>Reads what was restored to a folder.</summary>
    public static ArchivedChats Read(string folder)
    {
        var chats = new SortedDictionary<string, IReadOnlyList<ChatLine>>(StringComparer.Ordinal);
        var (files, texts) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        foreach (var number in Directory.GetDirectories(Path.Combine(folder, "WhatsApp")))
        {
            foreach (var chat in Directory.GetDirectories(number))
            {
                chats[Path.GetFileName(chat)] =
                [
                    .. Directory
                        .GetFiles(chat, "*.jsonl")
                        .Order(StringComparer.Ordinal)
                        .SelectMany(file => ChatMonth.Parse(File.ReadAllBytes(file)).Lines),
                ];
                foreach (var sub in Directory.GetDirectories(chat))
                {
                    foreach (var file in Directory.GetFiles(sub, "*", SearchOption.AllDirectories))
                        (Path.GetFileName(sub) == "_exports" ? texts : files).Add(HashOf(File.ReadAllBytes(file)));
                }
            }
        }

        return new ArchivedChats(chats, files, texts);
    }

    /// <summary>The SHA-256 of bytes.</summary>
    public static string HashOf(byte[] bytes) => Convert.ToHexString(SHA256.HashData(bytes)).ToLowerInvariant();
}
