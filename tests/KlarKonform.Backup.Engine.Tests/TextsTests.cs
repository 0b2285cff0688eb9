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
        var (english, german) = (Catalog(CultureInfo.InvariantCulture), Catalog(new CultureInfo("de")));
        Assert.Equal(english.Keys.Order(), german.Keys.Order());
        foreach (var (key, text) in english)
            Assert.Equal(Placeholders(text), Placeholders(german[key]));
    }

    [Fact]
    public void Every_error_id_is_called_what_it_says_and_has_its_text_in_both_languages()
    {
        var (english, german) = (Catalog(CultureInfo.InvariantCulture), Catalog(new CultureInfo("de")));
        var ids = typeof(ErrorIds).GetFields().ToDictionary(field => field.Name, field => (string)field.GetRawConstantValue()!);
        Assert.NotEmpty(ids);
        Assert.All(ids, id => Assert.Equal(id.Key, id.Value));
        Assert.Empty(ids.Keys.Except(english.Keys));
        Assert.Empty(ids.Keys.Except(german.Keys));
    }

    private static Dictionary<string, string> Catalog(CultureInfo culture) =>
        new ResourceManager("KlarKonform.Backup.Texts", typeof(Texts).Assembly)
            .GetResourceSet(culture, true, false)!
            .Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!);

    private static string[] Placeholders(string text) =>
        [.. Regex.Matches(text, @"\{\d\}").Select(match => match.Value).Distinct().Order()];
}
