using System.Collections;
using System.Globalization;
using System.Resources;
using System.Text.RegularExpressions;

namespace KlarKonform.Backup.Engine.Tests;

public sealed class TextsTests
{
    [Fact]
    public void Every_text_exists_in_both_languages_with_the_same_placeholders()
    {
        var catalog = new ResourceManager("KlarKonform.Backup.Texts", typeof(Texts).Assembly);
        var english = catalog
            .GetResourceSet(CultureInfo.InvariantCulture, true, false)!
            .Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!);
        var german = catalog
            .GetResourceSet(new CultureInfo("de"), true, false)!
            .Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!);
        Assert.Equal(english.Keys.Order(), german.Keys.Order());
        foreach (var (key, text) in english)
            Assert.Equal(Placeholders(text), Placeholders(german[key]));
    }

    private static string[] Placeholders(string text) =>
        [.. Regex.Matches(text, @"\{\d\}").Select(match => match.Value).Distinct().Order()];
}
