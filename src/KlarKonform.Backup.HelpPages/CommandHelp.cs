namespace KlarKonform.Backup.HelpPages;

/// <summary>The written help for a cmdlet.</summary>
internal sealed record CommandHelp(
    string Synopsis,
    string Description,
    IReadOnlyDictionary<string, string> Parameters,
    IReadOnlyList<(string Title, string Code)> Examples
);
