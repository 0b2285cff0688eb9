namespace KlarKonform.Backup.WhatsApp.Receiving;

/// <summary>A request without its body.</summary>
internal sealed record HttpRequest(string Method, string Target, IReadOnlyDictionary<string, string> Headers, bool KeepsAlive)
{
    public string Path => Target.IndexOf('?', StringComparison.Ordinal) is >= 0 and var mark ? Target[..mark] : Target;

    /// <summary>The body's length in bytes; null if none is announced; -1 for chunks.</summary>
    public long? Length { get; init; }

    public bool ExpectsContinue =>
        Headers.TryGetValue("Expect", out var expect) && expect.Equals("100-continue", StringComparison.OrdinalIgnoreCase);

    public string? Header(string name) => Headers.GetValueOrDefault(name);

    /// <summary>A query parameter, decoded; the first one with this name.</summary>
    public string? Query(string name)
    {
        foreach (var pair in Target[Path.Length..].TrimStart('?').Split('&'))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && Uri.UnescapeDataString(pair[..equals]) == name)
                return Uri.UnescapeDataString(pair[(equals + 1)..].Replace('+', ' '));
        }

        return null;
    }
}
