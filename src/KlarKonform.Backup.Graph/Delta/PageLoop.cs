using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace KlarKonform.Backup.Graph.Delta;

/// <summary>
/// Detects pages that lead in a circle: the same link once more, the same entries again and again under new links, or empty pages without
/// end. Takes sixteen bytes per page. Used for one round; not thread-safe.
/// </summary>
internal sealed class PageLoop
{
    // Delta may return an item on several pages, but not whole pages of several items three times.
    private const int MaxRepeats = 3;
    private const int PageOfSeveral = 2;

    // Empty pages with a link are legal, and after a large deletion there are many.
    private const int MaxEmpty = 5_000;

    private readonly HashSet<UInt128> _links = [];
    private readonly Dictionary<UInt128, int> _pages = [];
    private int _empty;

    /// <summary>Checks a page.</summary>
    /// <exception cref="GraphException"><see cref="GraphException.EndlessPages"/>.</exception>
    public void Pass(DeltaPage page)
    {
        if (page.NextLink is null)
            return;
        var isCircle = !_links.Add(Hash(page.NextLink.AbsoluteUri));
        if (page.Items.Count == 0)
        {
            isCircle |= page.Unread == 0 && ++_empty > MaxEmpty;
        }
        else
        {
            _empty = 0;
            if (page.Items.Count >= PageOfSeveral)
            {
                var said = Hash(string.Join('\n', page.Items.Select(WhatItSays)));
                isCircle |= (_pages[said] = _pages.GetValueOrDefault(said) + 1) >= MaxRepeats;
            }
        }

        if (isCircle)
            throw new GraphException(
                GraphErrorKind.Other,
                null,
                GraphException.EndlessPages,
                "The pages lead in a circle; the reading was ended."
            );
    }

    // Without OData annotations: a file's download URL contains a different ticket in every response.
    private static string WhatItSays(JsonElement item) =>
        item.ValueKind != JsonValueKind.Object
            ? item.GetRawText()
            : string.Join(
                ',',
                item.EnumerateObject()
                    .Where(property => !property.Name.StartsWith('@'))
                    .Select(property => property.Name + ":" + property.Value.GetRawText())
            );

    private static UInt128 Hash(string text)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(text), hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }
}
