using System.Text;

namespace KlarKonform.Backup.Engine.Formats;

/// <summary>Writes a vCard 4.0 (RFC 6350): escapes values, folds lines at 75 octets. Empty values are left out.</summary>
internal sealed class VCard
{
    private const int MaxOctets = 75;

    private readonly StringBuilder _text = new("BEGIN:VCARD\r\nVERSION:4.0\r\n");

    /// <summary>Adds a property with one text value.</summary>
    public VCard Add(string property, string value)
    {
        if (value.Length > 0)
            Line($"{property}:{Escape(value)}");
        return this;
    }

    /// <summary>Adds a property with several components, such as <c>N</c> and <c>ADR</c>.</summary>
    public VCard AddParts(string property, params string[] parts)
    {
        if (parts.Any(part => part.Length > 0))
            Line($"{property}:{string.Join(';', parts.Select(Escape))}");
        return this;
    }

    /// <summary>Adds a property with several values, such as <c>CATEGORIES</c> and <c>NICKNAME</c>.</summary>
    public VCard AddList(string property, IEnumerable<string> values)
    {
        var all = values.Where(value => value.Length > 0).Select(Escape).ToArray();
        if (all.Length > 0)
            Line($"{property}:{string.Join(',', all)}");
        return this;
    }

    /// <summary>Adds a property whose value is a URI, which is written unchanged.</summary>
    public VCard AddUri(string property, string uri)
    {
        if (uri.Length > 0)
            Line($"{property}:{uri}");
        return this;
    }

    /// <summary>Adds a photo, embedded in the card.</summary>
    public VCard AddPhoto(byte[]? jpeg) => jpeg is null ? this : AddUri("PHOTO", "data:image/jpeg;base64," + Convert.ToBase64String(jpeg));

    public byte[] ToBytes() => Encoding.UTF8.GetBytes(_text + "END:VCARD\r\n");

    private static string Escape(string value) =>
        value
            .Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace(",", "\\,", StringComparison.Ordinal)
            .Replace(";", "\\;", StringComparison.Ordinal)
            .Replace("\r\n", "\\n", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal)
            .Replace('\r', ' ');

    // Lines are broken between characters, never inside one.
    private void Line(string line)
    {
        var octets = 0;
        foreach (var rune in line.EnumerateRunes())
        {
            if (octets + rune.Utf8SequenceLength > MaxOctets)
            {
                _text.Append("\r\n ");
                octets = 1;
            }

            _text.Append(rune.ToString());
            octets += rune.Utf8SequenceLength;
        }

        _text.Append("\r\n");
    }
}
