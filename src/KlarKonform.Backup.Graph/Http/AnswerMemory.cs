namespace KlarKonform.Backup.Graph.Http;

/// <summary>Memory that answers may be read into ahead of their use, in bytes, shared by all mailboxes. Nobody waits for it: who gets none reads as it uses. Thread-safe.</summary>
internal sealed class AnswerMemory(long bytes)
{
    private long _left = bytes;

    /// <summary>Takes so many bytes, if there are so many.</summary>
    public bool TryTake(long wanted)
    {
        if (Interlocked.Add(ref _left, -wanted) >= 0)
            return true;
        Interlocked.Add(ref _left, wanted);
        return false;
    }

    public void GiveBack(long taken) => Interlocked.Add(ref _left, taken);
}
