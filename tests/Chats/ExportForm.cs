namespace KlarKonform.Backup.Chats;

/// <summary>One telephone with its settings, at one time.</summary>
/// <param name="Language">Its language.</param>
/// <param name="Clock">How it writes times.</param>
internal sealed record ExportForm(ChatLanguage Language, ChatClock Clock)
{
    /// <summary>Whether media are exported.</summary>
    public bool WithMedia { get; init; } = true;

    /// <summary>The time zone in which the telephone is; null at home.</summary>
    public TimeZoneInfo? Zone { get; init; }

    /// <summary>Line endings.</summary>
    public string LineEnd { get; init; } = "\n";

    /// <summary>Whether the last line has a line ending.</summary>
    public bool EndsLastLine { get; init; } = true;

    /// <summary>How many years another calendar is ahead or behind.</summary>
    public int CalendarYears { get; init; }

    /// <summary>The current names of people in the address book, where they have changed.</summary>
    public IReadOnlyDictionary<string, string> Renamed { get; init; } = new Dictionary<string, string>();

    /// <summary>A random form.</summary>
    public static ExportForm Any(Random random, Phone? phone = null, string? code = null)
    {
        var language = code is null
            ? ChatLanguages.All[random.Next(ChatLanguages.All.Count)]
            : ChatLanguages.All.First(each => each.Code == code);
        var kind =
            phone
            ?? (
                random.Next(10) switch
                {
                    < 5 => Phone.Android,
                    < 9 => Phone.Iphone,
                    _ => Phone.OldIphone,
                }
            );
        var patterns =
            kind == Phone.Android ? language.Android
            : kind == Phone.Iphone ? language.Iphone
            : language.Iphone.Where(pattern => pattern.Contains('s', StringComparison.Ordinal)).ToArray();
        return new ExportForm(language, new ChatClock(kind, patterns[random.Next(patterns.Length)], language.Halves, language.Zero))
        {
            WithMedia = random.Next(3) > 0,
            LineEnd = kind != Phone.Android || random.Next(8) == 0 ? "\r\n" : "\n",
            EndsLastLine = random.Next(4) > 0,
        };
    }
}
