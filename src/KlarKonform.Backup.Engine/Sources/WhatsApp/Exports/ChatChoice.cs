using KlarKonform.Backup.WhatsApp.Archive;

namespace KlarKonform.Backup.Engine.Sources.WhatsApp.Exports;

/// <summary>Which chat an export belongs to.</summary>
/// <param name="Chat">What tells the chat from others of its number.</param>
/// <param name="Name">The chat's name as the export has it.</param>
/// <param name="Shift">By how much the export's clock is another one than the archive's.</param>
/// <param name="IsDoubtful">Whether there is a chat of this name, and nothing says that it is this one.</param>
internal sealed record ChatChoice(string Chat, string Name, ChatShift Shift, bool IsDoubtful)
{
    /// <summary>Whether there is no such chat yet.</summary>
    public bool IsNew { get; init; }
}
