using KlarKonform.Backup.Chats;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>The corpus of exports in short; the benchmark <c>chats</c> runs thousands of them.</summary>
public sealed class ChatCorpusTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Nothing_that_was_in_an_export_is_missing_without_a_word_and_no_chat_is_taken_for_another(int seed)
    {
        var result = await ChatTrial.RunAsync(seed, 30, default);

        Assert.Equal([], result.Findings.Select(finding => $"{finding.Kind}: {finding.What}"));
        Assert.True(result.Exports >= 30);
    }
}
