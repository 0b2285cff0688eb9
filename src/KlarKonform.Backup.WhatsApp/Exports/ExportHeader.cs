namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>The date and time that a line of an export begins with, not yet interpreted.</summary>
internal readonly record struct ExportHeader(ExportStyle Style, char Separator, int A, int B, int C, int YearDigits, bool YearFirst, int Hour, int Minute, int Second, char Half, int Start)
{
    /// <summary>No seconds are given.</summary>
    public const int NoSecond = -1;

    // "24. 11. 2026 klo 13.05.09 nachm." is longer than all that was seen.
    private const int MaxConnector = 8;
    private const int MaxHalf = 12;

    public bool HasSeconds => Second != NoSecond;

    public bool HasHalves => Half != '\0';

    /// <summary>Whether the header has the form of a file's others.</summary>
    public bool Fits(ExportFormat format) => Style == format.Style && Separator == format.Separator && YearDigits == format.YearDigits && YearFirst == (format.Order == DateOrder.YearFirst)
        && HasSeconds == format.HasSeconds && HasHalves == format.HasHalves;

    /// <summary>The moment, or null when there is no such day or hour.</summary>
    public DateTime? Time(DateOrder order)
    {
        var (year, month, day) = order switch { DateOrder.YearFirst => (A, B, C), DateOrder.MonthFirst => (C, A, B), _ => (C, B, A) };
        if (YearDigits == 2)
            year += 2000;
        var hour = Half switch { 'a' when Hour is >= 1 and <= 12 => Hour % 12, 'p' when Hour is >= 1 and <= 12 => (Hour % 12) + 12, '\0' => Hour, _ => -1 };
        return year is >= 2009 and <= 2199 && month is >= 1 and <= 12 && day >= 1 && day <= DateTime.DaysInMonth(year, month) && hour is >= 0 and <= 23 && Minute <= 59 && Second <= 59
            ? new DateTime(year, month, day, hour, Minute, Math.Max(Second, 0), DateTimeKind.Unspecified) : null;
    }

    /// <summary>Reads a header, if the line begins with one.</summary>
    public static ExportHeader? Read(ReadOnlySpan<char> line)
    {
        var cursor = new Cursor(line);
        var bracket = cursor.Take('[');
        if (!cursor.Number(4, out var a, out var lengthA))
            return null;
        cursor.Blanks();
        var separator = cursor.Peek;
        if (separator is not ('.' or '/' or '-'))
            return null;
        cursor.Take(separator);
        cursor.Blanks();
        if (!cursor.Number(2, out var b, out _))
            return null;
        cursor.Blanks();
        if (!cursor.Take(separator))
            return null;
        cursor.Blanks();
        if (!cursor.Number(4, out var c, out var lengthC))
            return null;
        var yearFirst = lengthA == 4;
        var yearDigits = yearFirst ? 4 : lengthC;
        if ((yearFirst ? lengthC > 2 : lengthA > 2) || yearDigits is not (2 or 4))
            return null;
        cursor.Take('.');
        if (!(cursor.Take(',') | cursor.Blanks() > 0))
            return null;
        cursor.Words(MaxConnector);
        if (!cursor.Number(2, out var hour, out _) || cursor.Peek is not (':' or '.'))
            return null;
        var colon = cursor.Peek;
        cursor.Take(colon);
        if (!cursor.Number(2, out var minute, out var digits) || digits != 2)
            return null;
        var second = NoSecond;
        if (cursor.Peek == colon && char.IsAsciiDigit(cursor.Next))
        {
            cursor.Take(colon);
            if (!cursor.Number(2, out second, out digits) || digits != 2)
                return null;
        }

        if (!cursor.Half(MaxHalf, out var half))
            return null;
        cursor.Blanks();
        ExportStyle style;
        if (bracket)
        {
            style = ExportStyle.Bracket;
            if (!cursor.Take(']'))
                return null;
        }
        else if (cursor.Take('-') || cursor.Take('–'))
        {
            style = ExportStyle.Dash;
        }
        else if (second != NoSecond && cursor.Take(':'))
        {
            style = ExportStyle.Colon;
        }
        else
        {
            return null;
        }

        // Where the line ends, its last blank may have been trimmed by somebody's editor.
        if (!cursor.TakeBlank() && !cursor.AtEnd && style != ExportStyle.Bracket)
            return null;
        return new ExportHeader(style, separator, a, b, c, yearDigits, yearFirst, hour, minute, second, half, cursor.Position);
    }

    private ref struct Cursor(ReadOnlySpan<char> line)
    {
        private readonly ReadOnlySpan<char> _line = line;
        private int _at;

        public readonly int Position => _at;

        public readonly bool AtEnd => _at >= _line.Length || _line[_at] is '\r' or '\n';

        public char Peek
        {
            get
            {
                Marks();
                return _at < _line.Length ? _line[_at] : '\0';
            }
        }

        public readonly char Next => _at + 1 < _line.Length ? _line[_at + 1] : '\0';

        public bool Take(char sign)
        {
            if (Peek != sign)
                return false;
            _at++;
            return true;
        }

        public bool TakeBlank()
        {
            if (_at >= _line.Length || !BidiMarks.IsBlank(_line[_at]))
                return false;
            _at++;
            return true;
        }

        public int Blanks()
        {
            var count = 0;
            while (BidiMarks.IsBlank(Peek))
            {
                _at++;
                count++;
            }

            return count;
        }

        public bool Number(int maxDigits, out int value, out int length)
        {
            (value, length) = (0, 0);
            while (char.IsAsciiDigit(Peek) && length < maxDigits)
            {
                value = (value * 10) + (_line[_at++] - '0');
                length++;
            }

            return length > 0 && !char.IsAsciiDigit(Peek);
        }

        // "klo", "um", "at", "a las" between date and time.
        public void Words(int max)
        {
            var from = _at;
            while (_at - from < max && (char.IsLetter(Peek) || BidiMarks.IsBlank(Peek) || (Peek == '.' && _at > from)))
                _at++;
        }

        // "AM", "p. m.", "nachm."; "Uhr" says nothing.
        public bool Half(int max, out char half)
        {
            half = '\0';
            Span<char> letters = stackalloc char[max];
            var count = 0;
            while (count < max && (char.IsLetter(Peek) || BidiMarks.IsBlank(Peek) || (Peek == '.' && count > 0)))
            {
                if (char.IsLetter(Peek))
                    letters[count++] = char.ToLowerInvariant(_line[_at]);
                _at++;
            }

            ReadOnlySpan<char> word = letters[..count];
            half = word is "am" or "vorm" ? 'a' : word is "pm" or "nachm" ? 'p' : '\0';
            return half != '\0' || word is "" or "uhr";
        }

        private void Marks()
        {
            while (_at < _line.Length && BidiMarks.IsMark(_line[_at]))
                _at++;
        }
    }
}
