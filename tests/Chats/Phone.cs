namespace KlarKonform.Backup.Chats;

/// <summary>The telephone that made an export.</summary>
internal enum Phone
{
    /// <summary>"24.11.26, 13:05 - Anna: …"</summary>
    Android,

    /// <summary>"[24.11.26, 13:05:09] Anna: …"</summary>
    Iphone,

    /// <summary>"24.11.16, 13:05:09: Anna: …", until 2018.</summary>
    OldIphone,
}
