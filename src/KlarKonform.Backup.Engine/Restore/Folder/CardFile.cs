namespace KlarKonform.Backup.Engine.Restore.Folder;

/// <summary>vCards one after the other, as RFC 6350 allows it.</summary>
internal sealed class CardFile(string path, bool overwrite) : CombinedFile(path, overwrite)
{
    public override async Task AddAsync(byte[] content, DateTimeOffset time, CancellationToken cancellationToken)
    {
        await Stream.WriteAsync(content, cancellationToken).ConfigureAwait(false);
        if (content.Length > 0 && content[^1] != '\n')
            await WriteAsync("\r\n", cancellationToken).ConfigureAwait(false);
    }
}
