using KlarKonform.Backup.WhatsApp;
using KlarKonform.Backup.WhatsApp.Exports;

namespace KlarKonform.Backup.Engine.Sources.WhatsApp.Exports;

/// <summary>
/// Which of an export's files is the chat: by name, place and content together. People send each other texts, and exported chats too: a
/// file that a message of another chat names is an attachment, whatever its name.
/// </summary>
internal static class ChatTexts
{
    /// <summary>Reads a text and finds the files that it names.</summary>
    /// <exception cref="WhatsAppException">It is not a chat, or cannot be read.</exception>
    public static async Task<ChatText> ReadAsync(
        ExportContainer container,
        ContainerFile file,
        DateOrder? order,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        ExportFormat format;
        await using (var text = await container.OpenAsync(file, cancellationToken))
            format = await ExportDetector.DetectAsync(text, order, container.Names, now, cancellationToken);
        var names = new HashSet<string>(StringComparer.Ordinal);
        await using (var text = await container.OpenAsync(file, cancellationToken))
        {
            await foreach (var message in ExportReader.ReadAsync(text, format, container.Names, cancellationToken))
            {
                if (message.Attachment is { } attachment && container.Find(attachment) is { } named && named != file)
                    names.Add(named.Key);
            }
        }

        return new ChatText(file, format, names);
    }

    /// <summary>The texts that no message of another text names.</summary>
    public static IReadOnlyList<ChatText> Own(IReadOnlyList<ChatText> texts) =>
        [
            .. texts.Where(text =>
                !texts.Any(other => other != text && other.Names.Contains(text.File.Key) && !text.Names.Contains(other.File.Key))
            ),
        ];

    /// <summary>The texts that are chats of their own.</summary>
    /// <param name="texts">Texts that read as chats.</param>
    /// <param name="container">The container they are in.</param>
    /// <param name="isOne">Whether the container is a single export, like a ZIP; otherwise it may be a folder of many.</param>
    public static IReadOnlyList<ChatText> Choose(IReadOnlyList<ChatText> texts, string container, bool isOne)
    {
        var own = Own(texts);
        if (!isOne || own.Count < 2)
            return own;
        if (own.Where(text => string.Equals(text.File.Name, "_chat.txt", StringComparison.OrdinalIgnoreCase)).ToArray() is [var exact])
            return [exact];
        if (ChatName.Of("_chat.txt", container) is { } name && own.Where(text => IsCalled(text, name)).ToArray() is [var called])
            return [called];

        // Assembled by hand from several exports: those that are named like chats.
        return
            own.Where(text => text.File.Name.StartsWith("WhatsApp", StringComparison.OrdinalIgnoreCase)).ToArray() is { Length: > 0 } named
            ? named
            : own;
    }

    private static bool IsCalled(ChatText text, string name) =>
        ChatName.Of(text.File.Name, "") is { } own
        && !ChatName.IsNameless(text.File.Name)
        && (ChatName.KeyOf(own) == ChatName.KeyOf(name) || ChatName.KeyOf(own) == ChatName.KeyOf(ChatName.WithoutCopy(name) ?? name));
}
