namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>The kind of a line of an exported chat.</summary>
public enum ExportMessageKind
{
    /// <summary>Text.</summary>
    Text,

    /// <summary>A picture, video, voice message, sticker or document, with its file or without.</summary>
    Media,

    /// <summary>A contact card.</summary>
    Contact,

    /// <summary>A place.</summary>
    Location,

    /// <summary>A poll with its options and votes.</summary>
    Poll,

    /// <summary>A call.</summary>
    Call,

    /// <summary>A message that its author or an admin deleted.</summary>
    Deleted,

    /// <summary>WhatsApp's own text: members come and go, encryption, changed numbers.</summary>
    System,

    /// <summary>Lines before the first one with a time.</summary>
    Unparsed,
}
