using System.Text.RegularExpressions;

namespace KlarKonform.Backup.Architecture;

/// <summary>An error's id is written once, in <see cref="ErrorIds"/>: a typing error in another place does not compile.</summary>
public sealed partial class ErrorIdTests
{
    [Fact]
    public void No_error_is_raised_or_recognised_by_a_literal()
    {
        var literals =
            from file in Sources.FilesBelow("src")
            let text = File.ReadAllText(Path.Combine(Sources.Root, file))
            from match in Raised().Matches(text).Concat(Recognised().Matches(text))
            select $"{file}({text.AsSpan(0, match.Index).Count('\n') + 1}): {match.Value}";
        Assert.Empty(literals);
    }

    [Fact]
    public void Every_error_id_is_in_use()
    {
        var sources = string.Concat(Sources.FilesBelow("src").Select(file => File.ReadAllText(Path.Combine(Sources.Root, file))));
        var used = Used().Matches(sources).Select(match => match.Groups[1].Value);
        Assert.Empty(typeof(ErrorIds).GetFields().Select(field => field.Name).Except(used));
    }

    // The id stands before the category, whatever is called: the constructor, a target-typed new, WithText.
    [GeneratedRegex("""BackupException\(\s*"\w+"|"\w+",\s*BackupErrorCategory\.|"\w+"\s*:\s*ErrorIds\.|\bErrorIds\.\w+\s*:\s*"\w""")]
    private static partial Regex Raised();

    [GeneratedRegex("""\bErrorId(?::|\s*[!=]=|\s+is(?:\s+not)?)\s*\(?\s*"\w""")]
    private static partial Regex Recognised();

    [GeneratedRegex(@"\bErrorIds\.(\w+)")]
    private static partial Regex Used();
}
