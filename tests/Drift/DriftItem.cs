using System.Text.Json.Nodes;

namespace KlarKonform.Backup.Drift;

/// <summary>An item of the tenant as it should be in a snapshot.</summary>
/// <param name="Kind">The resource's kind.</param>
/// <param name="Resource">The resource's name.</param>
/// <param name="Id">Its id in the store.</param>
/// <param name="Parent">Its folder's id in the store; empty for the resource's own.</param>
/// <param name="Target">Its id in the record of alterations.</param>
/// <param name="Within">Folders, drives, lists, sites and users that contain it, as named in the record.</param>
/// <param name="Covers">Keys of failures that concern it: its own, and those of the parts that contain it.</param>
internal sealed record DriftItem(
    string Kind,
    string Resource,
    string Id,
    string Parent,
    string Target,
    IReadOnlyList<string> Within,
    IReadOnlyList<string> Covers
)
{
    /// <summary>Properties, without ids and OData annotations.</summary>
    public JsonObject Properties { get; init; } = [];

    /// <summary>SHA-256 of its contents, and words for what else accompanies it; sorted.</summary>
    public IReadOnlyList<string> Contents { get; init; } = [];

    /// <summary>Ids under which parts of it are altered: changed occurrences of a series.</summary>
    public IReadOnlyList<string> Others { get; init; } = [];

    public override string ToString() => $"{Kind} {Resource} {Id}";
}
