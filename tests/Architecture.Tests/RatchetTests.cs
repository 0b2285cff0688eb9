using System.Text.Json;

namespace KlarKonform.Backup.Architecture;

/// <summary>
/// Rules that were broken before they were written down: <c>ratchet.json</c> holds how often, and the number only falls. A change that
/// mends a place lowers it, so that no other change can spend it again.
/// </summary>
public sealed class RatchetTests
{
    private static readonly Lazy<IReadOnlyDictionary<string, IReadOnlyList<string>>> s_measures = new(Measures.Take);

    public static TheoryData<string> Rules => [.. s_measures.Value.Keys];

    [Theory]
    [MemberData(nameof(Rules))]
    public async Task No_rule_is_broken_more_often_than_before(string rule)
    {
        await using var file = File.OpenRead(Path.Combine(Sources.Root, "tests", "Architecture.Tests", "ratchet.json"));
        var allowed = (await JsonSerializer.DeserializeAsync<Dictionary<string, int>>(file))!.GetValueOrDefault(rule);
        var places = s_measures.Value[rule];
        Assert.True(
            places.Count <= allowed,
            $"{rule}: {places.Count}, and {allowed} are allowed. One of these is new:\n{string.Join('\n', places)}"
        );
        Assert.True(
            places.Count == allowed,
            $"{rule} is broken {places.Count} times only: lower its number in ratchet.json, so that it stays."
        );
    }
}
