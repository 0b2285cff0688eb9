namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>Three numbers that form a date, in any order.</summary>
internal readonly record struct HeaderDate(char Separator, int A, int B, int C, int YearDigits, bool YearFirst, string? Era)
{
    /// <summary>Reads a date, including characters that belong to its last number, but not what follows.</summary>
    public static HeaderDate? Read(ref HeaderCursor cursor)
    {
        var era = EraBefore(ref cursor, out var eraFirst);
        if (!cursor.Number(4, out var a, out var lengthA))
            return null;
        cursor.Blanks();
        if (Separated(cursor.Peek) is not { } separator)
            return null;
        cursor.Take(cursor.Peek);
        cursor.Blanks();
        if (!cursor.Number(2, out var b, out _))
            return null;
        cursor.Blanks();
        if (separator == '年' ? !cursor.TakeAny("月월") : Separated(cursor.Peek) != separator || !cursor.Take(cursor.Peek))
            return null;
        cursor.Blanks();
        var eraLast = "";
        if (era is null && separator != '年')
            era = EraBefore(ref cursor, out eraLast);
        if (!cursor.Number(4, out var c, out var lengthC))
            return null;
        if (separator == '年' && !(cursor.TakeAny("日일") || (cursor.Blanks() > 0 && cursor.Take('일'))))
            return null;

        // A year with three digits, or with one digit after an era's name, is from another calendar, but it is a year. A one-digit number
        // is never the year: in Korea's "26. 5. 4." the first number is.
        var yearFirst = lengthA > 2 || separator == '年' || eraFirst.Length > 0 || (lengthA == 2 && lengthC == 1 && era is null);
        var digits = yearFirst ? lengthA : lengthC;
        if ((yearFirst ? lengthC : lengthA) > 2 || (digits < 2 && era is null))
            return null;
        cursor.Take('.');
        return new HeaderDate(separator, a, b, c, digits, yearFirst, era);
    }

    private static char? Separated(char sign) =>
        sign switch
        {
            '.' or '．' or '。' => '.',
            '/' or '／' or '⁄' or '∕' => '/',
            '-' or '‐' or '‑' or '–' or '－' or '−' => '-',
            '年' or '년' => '年',
            _ => null,
        };

    // R8, 令和8, 民國115: only an era's name is directly before a year.
    private static string? EraBefore(ref HeaderCursor cursor, out string word)
    {
        word = "";
        if (!DayHalves.IsPart(cursor.Peek))
            return null;
        var from = cursor.Position;
        if (cursor.Word(8, out word) && ExportEra.Of(word) is { } era)
            return era;
        (cursor.Position, word) = (from, "");
        return null;
    }
}
