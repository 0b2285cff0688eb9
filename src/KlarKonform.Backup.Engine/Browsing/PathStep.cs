namespace KlarKonform.Backup.Engine.Browsing;

/// <summary>A name or pattern in a requested path, and the steps that follow it in all paths with the same beginning.</summary>
internal sealed class PathStep(string name)
{
    /// <summary>A name, or a pattern of names within one level.</summary>
    public string Name => name;

    /// <summary>The path that ends here, as it was given; null when none does.</summary>
    public string? Path { get; set; }

    /// <summary>The steps that follow, by name or pattern.</summary>
    public Dictionary<string, PathStep> Next { get; } = new(StringComparer.Ordinal);

    /// <summary>The step of a name; created if missing.</summary>
    public PathStep Step(string next)
    {
        if (!Next.TryGetValue(next, out var step))
            Next.Add(next, step = new PathStep(next));
        return step;
    }

    /// <summary>This step and all that follow it.</summary>
    public IEnumerable<PathStep> All()
    {
        var open = new Stack<PathStep>([this]);
        while (open.TryPop(out var step))
        {
            yield return step;
            foreach (var next in step.Next.Values)
                open.Push(next);
        }
    }
}
