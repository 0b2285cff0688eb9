namespace KlarKonform.Backup.Engine.Restore.ToFolder;

/// <summary>vCards one after another, as RFC 6350 allows.</summary>
internal sealed class CardFile(string path, bool overwrite) : CombinedFile(path, overwrite)
{
    protected override void Write(MemoryStream target, byte[] content, DateTimeOffset time)
    {
        if (content.AsSpan().IndexOf("BEGIN:VCARD"u8) != 0 || content.AsSpan().IndexOf("END:VCARD"u8) < 0)
            throw new FormatException(Texts.Get("RestoreNoCard"));
        target.Write(content);
        if (content[^1] != '\n')
            target.Write("\r\n"u8);
    }
}
