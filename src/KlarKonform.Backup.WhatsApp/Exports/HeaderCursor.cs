using System.Globalization;
using System.Text;

namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>Walks along the beginning of a line, skipping invisible marks.</summary>
internal ref struct HeaderCursor(ReadOnlySpan<char> line)
{
    private readonly ReadOnlySpan<char> _line = line;
    private int _at;

    public int Position
    {
        readonly get => _at;
        set => _at = value;
    }

    public readonly bool AtEnd => _at >= _line.Length || _line[_at] is '\r' or '\n';

    /// <summary>The next visible character, or NUL at the end.</summary>
    public char Peek
    {
        get
        {
            while (_at < _line.Length && (BidiMarks.IsMark(_line[_at]) || _line[_at] is '\u200B' or '\u200C' or '\u200D'))
                _at++;
            return _at < _line.Length ? _line[_at] : '\0';
        }
    }

    public bool Take(char sign)
    {
        if (Peek != sign)
            return false;
        _at++;
        return true;
    }

    public bool TakeAny(string signs)
    {
        if (Peek is var next && (next == '\0' || !signs.Contains(next, StringComparison.Ordinal)))
            return false;
        _at++;
        return true;
    }

    /// <summary>One space right here, without a mark before it: a mark after the header belongs to the message.</summary>
    public bool TakeBlank()
    {
        var from = _at;
        if (BidiMarks.IsAnyBlank(Peek))
        {
            _at++;
            return true;
        }

        _at = from;
        return false;
    }

    public int Blanks()
    {
        var count = 0;
        for (; BidiMarks.IsAnyBlank(Peek); count++)
            _at++;
        return count;
    }

    /// <summary>Whether the next character is a digit of any script.</summary>
    public bool AtDigit() => Peek != '\0' && Digit(out _) >= 0;

    public bool Number(int maxDigits, out int value, out int length)
    {
        (value, length) = (0, 0);
        while (length < maxDigits && Peek != '\0' && Digit(out var width) is >= 0 and var digit)
        {
            value = (value * 10) + digit;
            length++;
            _at += width;
        }

        return length > 0 && !AtDigit();
    }

    /// <summary>Letters with their dots, apostrophes and spaces, folded; may be empty. False if there are more than in any word.</summary>
    public bool Word(int max, out string word)
    {
        var from = _at;
        word = "";
        var letters = false;
        while (
            DayHalves.IsPart(Peek)
            || BidiMarks.IsAnyBlank(Peek)
            || (letters && Peek is '.' or '\'' or '’' or '‘' or 'ʻ' or '״' or '׳' or '"' or '・')
        )
        {
            letters |= DayHalves.IsPart(_line[_at]);
            if (++_at - from > max)
                return false;
        }

        if (letters)
            word = Plain(_line[from.._at]) ?? DayHalves.Fold(_line[from.._at]);
        return true;
    }

    // The most frequent words by far need no allocation.
    private static string? Plain(ReadOnlySpan<char> word) =>
        word.Trim() switch
        {
            "AM" or "am" => "am",
            "PM" or "pm" => "pm",
            "Uhr" => "uhr",
            _ => null,
        };

    private readonly int Digit(out int width)
    {
        width = 1;
        var sign = _line[_at];
        if (char.IsAscii(sign))
            return char.IsAsciiDigit(sign) ? sign - '0' : -1;
        if (!char.IsHighSurrogate(sign))
            return CharUnicodeInfo.GetDecimalDigitValue(sign);
        return
            Rune.DecodeFromUtf16(_line[_at..], out var rune, out width) == System.Buffers.OperationStatus.Done
            && Rune.GetUnicodeCategory(rune) == UnicodeCategory.DecimalDigitNumber
            ? (int)Rune.GetNumericValue(rune)
            : -1;
    }
}
