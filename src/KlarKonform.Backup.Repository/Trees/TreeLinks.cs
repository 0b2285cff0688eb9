using System.Text.Json;
using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Repository.Trees;

/// <summary>What a tree points to, read without its nodes: a check passes through every tree of a snapshot.</summary>
public sealed class TreeLinks
{
    private const int NodeDepth = 2;

    /// <summary>Folders by their names as quoted in the tree's JSON.</summary>
    public List<(string Name, BlobId Tree)> Subtrees { get; } = [];

    /// <summary>Blobs of the files' contents.</summary>
    public List<BlobId> Blobs { get; } = [];

    /// <exception cref="RepositoryException">The bytes are not a tree.</exception>
    internal static TreeLinks Read(ReadOnlySpan<byte> json)
    {
        var links = new TreeLinks();
        try
        {
            var reader = new Utf8JsonReader(json);
            var isNodes = false;
            while (reader.Read())
            {
                // Nodes are the objects of that array; deeper levels are their attributes, and other properties belong to newer programs.
                if (reader is { TokenType: JsonTokenType.PropertyName, CurrentDepth: 1 })
                    isNodes = reader.ValueTextEquals("nodes"u8);
                else if (isNodes && reader.TokenType == JsonTokenType.StartObject && reader.CurrentDepth == NodeDepth)
                    links.ReadNode(ref reader);
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            throw new RepositoryException(RepositoryErrorKind.Damaged, $"A tree is no JSON: {exception.Message}", exception);
        }

        return links;
    }

    private void ReadNode(ref Utf8JsonReader reader)
    {
        var name = "";
        BlobId? subtree = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("name"u8))
            {
                reader.Read();
                name = reader.GetString() ?? "";
            }
            else if (reader.ValueTextEquals("subtree"u8))
            {
                reader.Read();
                subtree = reader.TokenType == JsonTokenType.Null ? null : Id(ref reader);
            }
            else if (reader.ValueTextEquals("content"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.Null)
                    continue;
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    Blobs.Add(Id(ref reader));
            }
            else
            {
                reader.Skip();
            }
        }

        if (subtree is { } tree)
            Subtrees.Add((name, tree));
    }

    private static BlobId Id(ref Utf8JsonReader reader) =>
        BlobId.TryParse(reader.ValueSpan, out var id) ? id : throw new FormatException($"'{reader.GetString()}' is no id.");
}
