namespace KlarKonform.Backup.DemoTenant.Model;

/// <summary>Which ids changed when: the source of delta answers.</summary>
public sealed class ChangeLog
{
    private readonly List<(long Sequence, string Id)> _entries = [];

    public void Add(long sequence, string id) => _entries.Add((sequence, id));

    /// <summary>Takes back the last change, which must belong to this id.</summary>
    public void Forget(string id)
    {
        var last = _entries.FindLastIndex(entry => entry.Id == id);
        _entries.RemoveAt(last);
    }

    /// <summary>Ids changed after a point, each once, in the order of their last change.</summary>
    public IReadOnlyList<string> Since(long sequence)
    {
        var last = new Dictionary<string, int>();
        for (var i = _entries.Count - 1; i >= 0 && _entries[i].Sequence > sequence; i--)
            last.TryAdd(_entries[i].Id, i);
        return [.. last.OrderBy(pair => pair.Value).Select(pair => pair.Key)];
    }
}
