namespace KlarKonform.Backup.Graph.Http;

/// <summary>
/// A budget in bytes for reading responses ahead of their use, shared by all mailboxes. No one waits for it: a caller that gets none reads
/// on demand. Thread-safe.
/// </summary>
internal sealed class AnswerMemory(long bytes)
{
    private long _left = bytes;

    /// <summary>Takes this many bytes if they are available.</summary>
    public bool TryTake(long wanted)
    {
        if (Interlocked.Add(ref _left, -wanted) >= 0)
            return true;
        Interlocked.Add(ref _left, wanted);
        return false;
    }

    public void GiveBack(long taken) => Interlocked.Add(ref _left, taken);
}
