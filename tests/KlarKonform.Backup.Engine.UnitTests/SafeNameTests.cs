using CsCheck;
using KlarKonform.Backup.Engine.Formats;

namespace KlarKonform.Backup.Engine.UnitTests;

public sealed class SafeNameTests
{
    [Theory]
    [InlineData("a/b:c?", "a_b_c_")]
    [InlineData("..", "_")]
    [InlineData("", "_")]
    [InlineData("con.txt", "_con.txt")]
    [InlineData("Rechnung. ", "Rechnung")]
    [InlineData("Grüße – 日本 👍🏽", "Grüße – 日本 👍🏽")]
    public void A_name_is_one_that_every_system_accepts(string text, string name) => Assert.Equal(name, SafeName.From(text));

    [Fact]
    public void No_text_leads_elsewhere() =>
        Gen.String.Sample(text =>
        {
            var name = SafeName.From(text);
            Assert.NotEmpty(name);
            Assert.DoesNotContain(name, (string[])[".", ".."]);
            Assert.True(name.IndexOfAny(['/', '\\', '\0', ':', '<', '>', '"', '|', '?', '*']) < 0);
            Assert.False(name.EndsWith('.') || name.EndsWith(' '));
            Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(name), 1, 201);
        });

    [Fact]
    public void Two_ids_of_one_name_get_two_names_and_keep_the_extension()
    {
        var (one, other) = (SafeName.WithMark("Bericht.docx", "id-1"), SafeName.WithMark("Bericht.docx", "id-2"));
        Assert.NotEqual(one, other);
        Assert.All([one, other], name => Assert.EndsWith("].docx", name, StringComparison.Ordinal));
        Assert.Equal(one, SafeName.WithMark("Bericht.docx", "id-1"));
    }
}
