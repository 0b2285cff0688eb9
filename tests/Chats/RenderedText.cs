namespace KlarKonform.Backup.Chats;

/// <summary>A chat as one export shows it.</summary>
/// <param name="Text">Its text.</param>
/// <param name="Files">Its files by name, in order; two may have the same name.</param>
/// <param name="Shown">What it shows of each message: the text, or null if it was deleted.</param>
/// <param name="Missing">Names of files that it does not have.</param>
internal sealed record RenderedText(
    string Text,
    List<(string Name, byte[] Bytes)> Files,
    List<(ModelMessage Message, string? Text)> Shown,
    List<string> Missing
);
