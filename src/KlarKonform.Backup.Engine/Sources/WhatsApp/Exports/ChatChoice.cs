using KlarKonform.Backup.WhatsApp.Archive;

namespace KlarKonform.Backup.Engine.Sources.WhatsApp.Exports;

/// <summary>Which chat an export belongs to.</summary>
/// <param name="Chat">What distinguishes the chat from others of its number.</param>
/// <param name="Name">The chat's name as in the export.</param>
/// <param name="Shift">The offset of the export's clock from the archive's.</param>
/// <param name="IsDoubtful">Whether a chat of this name exists, but nothing proves that it is this one.</param>
internal sealed record ChatChoice(string Chat, string Name, ChatShift Shift, bool IsDoubtful)
{
    /// <summary>Whether there is no such chat yet.</summary>
    public bool IsNew { get; init; }
}
