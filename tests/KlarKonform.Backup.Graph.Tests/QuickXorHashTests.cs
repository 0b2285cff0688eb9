using CsCheck;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Model;
using KlarKonform.Backup.Graph.Drives;

namespace KlarKonform.Backup.Graph.Tests;

[Trait("Tier", "Fast")]
public sealed class QuickXorHashTests
{
    [Theory]
    [InlineData("", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("abc", "YRDDGAAAAAAAAAAAAwAAAAAAAAA=")]
    [InlineData("hello world", "aCgDG9jwBhDc4Q1yawMZAAAAAAA=")]
    public void Published_examples_hash_as_published(string text, string expected) =>
        Assert.Equal(expected, Hash(System.Text.Encoding.ASCII.GetBytes(text), 64));

    [Fact]
    public void All_bytes_four_times_hash_as_computed_elsewhere() =>
        Assert.Equal("h7xr2dbCayZCQYR9KKhlwDuT4UI=", Hash([.. Enumerable.Range(0, 1024).Select(value => (byte)value)], 1024));

    [Fact]
    public void It_agrees_with_the_plain_definition_whatever_the_pieces() =>
        Gen.Select(Gen.Int[0, 100_000], Gen.Int[0, 5000], Gen.Int[1, 4000])
            .Sample((seed, size, piece) => PlainQuickXorHash.Of(seed, size) == Hash(SeededContent.Bytes(seed, size), piece), iter: 300);

    private static string Hash(byte[] content, int piece)
    {
        var hash = new QuickXorHash();
        for (var at = 0; at < content.Length; at += piece)
            hash.Append(content.AsSpan(at, Math.Min(piece, content.Length - at)));
        return hash.ToBase64();
    }
}
