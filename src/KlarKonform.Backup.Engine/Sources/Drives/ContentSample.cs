using System.Buffers.Binary;

namespace KlarKonform.Backup.Engine.Sources.Drives;

/// <summary>
/// The first and last bytes of content on its way, which show whether it is what its name says. For files whose hash and size cannot be
/// trusted: a gateway's error page or half a document must not pass for the document. Not thread-safe.
/// </summary>
internal sealed class ContentSample
{
    private const int HeadLength = 64;
    private const int TailLength = 4096;
    private const int EndOfDirectory = 22;

    // How much a document may grow or shrink when SharePoint writes properties into it.
    private const long Tolerance = 256 << 10;

    private static readonly HashSet<string> s_zip = new(StringComparer.OrdinalIgnoreCase)
    {
        ".docx",
        ".xlsx",
        ".pptx",
        ".docm",
        ".xlsm",
        ".pptm",
        ".vsdx",
    };
    private static readonly HashSet<string> s_ole = new(StringComparer.OrdinalIgnoreCase) { ".doc", ".xls", ".ppt", ".msg" };
    private static readonly HashSet<string> s_oneNote = new(StringComparer.OrdinalIgnoreCase) { ".one", ".onetoc2" };
    private static readonly HashSet<string> s_markup = new(StringComparer.OrdinalIgnoreCase)
    {
        ".html",
        ".htm",
        ".xhtml",
        ".mht",
        ".mhtml",
        ".aspx",
        ".xml",
        ".svg",
        ".xsl",
        ".xslt",
        ".txt",
    };

    private readonly byte[] _head = new byte[HeadLength];
    private readonly byte[] _tail = new byte[TailLength];
    private long _from;
    private long _length;

    /// <summary>Starts a content, not always at its first byte.</summary>
    public void Begin(long from) => (_from, _length) = (from, from);

    /// <summary>Adds bytes.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        if (_from == 0 && _length < HeadLength)
            bytes[..(int)Math.Min(bytes.Length, HeadLength - _length)].CopyTo(_head.AsSpan((int)_length));
        var last = bytes.Length > TailLength ? bytes[^TailLength..] : bytes;
        if (last.Length < TailLength)
            _tail.AsSpan(last.Length).CopyTo(_tail);
        last.CopyTo(_tail.AsSpan(TailLength - last.Length));
        _length += bytes.Length;
    }

    /// <summary>
    /// Whether it may be a document of this kind that SharePoint changed: it begins and ends like one, and is about as large as announced.
    /// </summary>
    public bool IsDocument(string extension, long? announced)
    {
        if (_length == 0 || (announced is { } size && Math.Abs(_length - size) > Math.Max(Tolerance, size / 4)))
            return false;

        // A document with a password is an OLE file whatever its name; the head of a continued one was examined in an earlier run.
        if (s_zip.Contains(extension))
            return IsWholeZip() || StartsWith(0xD0, 0xCF, 0x11, 0xE0);
        if (s_ole.Contains(extension))
            return StartsWith(0xD0, 0xCF, 0x11, 0xE0) || IsWholeZip();
        if (s_oneNote.Contains(extension))
            return StartsWith(0xE4, 0x52, 0x5C, 0x7B) || StartsWith(0xA1, 0x2F, 0xFF, 0x43) || StartsWith(0x3F, 0xDD, 0x9A, 0x10);
        if (extension.Equals(".heic", StringComparison.OrdinalIgnoreCase))
            return _from > 0 || _head.AsSpan(4, 4).SequenceEqual("ftyp"u8);
        return !IsPageInDisguise(extension);
    }

    /// <summary>Whether it looks like a web page or a JSON response although its name says that it is something else.</summary>
    public bool IsPageInDisguise(string extension)
    {
        if (_from > 0 || s_markup.Contains(extension) || extension.Equals(".json", StringComparison.OrdinalIgnoreCase))
            return false;
        var text = _head.AsSpan(0, (int)Math.Min(_length, HeadLength)).TrimStart("\uFEFF \r\n\t"u8);
        return StartsLike(text, "<!doctype") || StartsLike(text, "<html") || StartsLike(text, "{\"error\"");
    }

    private bool IsWholeZip()
    {
        if (!StartsWith(0x50, 0x4B, 0x03, 0x04))
            return false;
        var tail = _tail.AsSpan(TailLength - (int)Math.Min(_length, TailLength));
        var at = tail.LastIndexOf("PK\u0005\u0006"u8);
        if (at < 0 || at + EndOfDirectory > tail.Length)
            return false;
        var directory =
            BinaryPrimitives.ReadUInt32LittleEndian(tail[(at + 12)..]) + (long)BinaryPrimitives.ReadUInt32LittleEndian(tail[(at + 16)..]);
        return directory <= _length - tail.Length + at;
    }

    private bool StartsWith(params ReadOnlySpan<byte> magic) => _from > 0 || _head.AsSpan().StartsWith(magic);

    private static bool StartsLike(ReadOnlySpan<byte> bytes, string text)
    {
        if (bytes.Length < text.Length)
            return false;
        for (var i = 0; i < text.Length; i++)
        {
            if (char.ToLowerInvariant((char)bytes[i]) != text[i])
                return false;
        }

        return true;
    }
}
