namespace KlarKonform.Backup.Architecture;

/// <summary>What .editorconfig says of lines, held.</summary>
public sealed class LineTests
{
    private const int Columns = 140;

    [Theory]
    [InlineData("src")]
    [InlineData("tests")]
    public void No_line_is_longer_than_140_columns(string folder)
    {
        var longer =
            from file in Sources.FilesBelow(folder)
            from line in File.ReadLines(Path.Combine(Sources.Root, file)).Select((text, index) => (text, number: index + 1))
            where line.text.Length > Columns
            select $"{file}({line.number})";
        Assert.Empty(longer);
    }
}
