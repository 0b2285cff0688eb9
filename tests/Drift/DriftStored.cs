using System.Text.Json.Nodes;

namespace KlarKonform.Backup.Drift;

/// <summary>An item of a snapshot.</summary>
/// <param name="Root">Its resource's folder: <c>/Exchange/anna@…/Mail</c>.</param>
/// <param name="Path">Its path.</param>
/// <param name="Id">Its id in the store.</param>
/// <param name="Parent">The id of the folder that contains it; empty for the resource's own.</param>
/// <param name="Type">Its type according to its metadata.</param>
internal sealed record DriftStored(string Root, string Path, string Id, string Parent, string Type)
{
    public JsonObject Properties { get; init; } = [];

    public IReadOnlyList<string> Contents { get; init; } = [];
}
