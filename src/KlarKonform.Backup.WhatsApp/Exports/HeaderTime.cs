namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>A time of day with the words around it.</summary>
internal readonly record struct HeaderTime(int Hour, int Minute, int Second, string Word, DayHalf? Half, string? Era)
{
    /// <summary>Commas of all scripts.</summary>
    public const string Commas = ",،、，﹐;؛";

    /// <summary>Reads what follows a date: its era, a comma, words and the time.</summary>
    public static HeaderTime? ReadAfter(ref HeaderCursor cursor, HeaderDate date)
    {
        var from = cursor.Position;
        if (!cursor.Word(DayHalves.MaxLength, out var word))
            return null;
        var comma = cursor.TakeAny(Commas);
        var era = word.Length > 1 || (word.Length == 1 && !char.IsAscii(word[0])) ? ExportEra.Of(word) : null;
        if (era is not null && !comma && DayHalves.Find(word) is not null)
            era = null; // "ap." is the Persian era, and the morning in Finnish.
        if (era is not null)
            word = "";
        if (comma)
        {
            // What was before the comma belongs to the date: "г.".
            cursor.Blanks();
            if (!cursor.Word(DayHalves.MaxLength, out word))
                return null;
        }

        // Between date and time there is at least a comma, a space or a Chinese character.
        if (cursor.Position == from && date.Separator != '年')
            return null;
        return Read(ref cursor, word) is { } time ? time with { Era = era } : null;
    }

    /// <summary>Reads a time of day and the word after it.</summary>
    /// <param name="cursor">At the beginning of the time.</param>
    /// <param name="before">The folded words before it.</param>
    public static HeaderTime? Read(ref HeaderCursor cursor, string before)
    {
        if (before.Length == 0 && !cursor.AtDigit() && !cursor.Word(DayHalves.MaxLength, out before))
            return null;
        if (!cursor.Number(2, out var hour, out _))
            return null;
        var second = ExportHeader.NoSecond;
        if (
            !(
                Sign(ref cursor) is { } sign
                    ? Clock(ref cursor, sign, out var minute, ref second)
                    : Words(ref cursor, out minute, ref second)
            )
        )
            return null;
        var from = cursor.Position;
        if (!cursor.Word(DayHalves.MaxLength, out var after))
            return null;
        if (after.Length == 0)
            cursor.Position = from;
        var (word, half) = Which(before, after);
        return new HeaderTime(hour, minute, second, word, half, null);
    }

    private static char? Sign(ref HeaderCursor cursor) => cursor.Peek is ':' or '.' or '：' or '﹕' or '٫' or '∶' ? cursor.Peek : null;

    // 13:05:09, 13.05.
    private static bool Clock(ref HeaderCursor cursor, char sign, out int minute, ref int second)
    {
        cursor.Take(sign);
        if (!cursor.Number(2, out minute, out var digits) || digits != 2)
            return false;
        var from = cursor.Position;
        if (!cursor.Take(sign) || !cursor.AtDigit())
        {
            cursor.Position = from;
            return true;
        }

        return cursor.Number(2, out second, out digits) && digits == 2;
    }

    // "13 h 05 min 09 s" in Canada, "13時05分09秒".
    private static bool Words(ref HeaderCursor cursor, out int minute, ref int second)
    {
        minute = 0;
        cursor.Blanks();
        if (!cursor.TakeAny("hH時时点點시"))
            return false;
        cursor.Blanks();
        if (!cursor.Number(2, out minute, out _))
            return false;
        var from = cursor.Position;
        cursor.Blanks();
        if (!(cursor.TakeAny("分분") || (cursor.Take('m') && (!cursor.Take('i') || cursor.Take('n')))))
        {
            cursor.Position = from;
            return true;
        }

        from = cursor.Position;
        cursor.Blanks();
        if (!cursor.AtDigit())
        {
            cursor.Position = from;
            return true;
        }

        if (!cursor.Number(2, out second, out _))
            return false;
        from = cursor.Position;
        cursor.Blanks();
        if (!cursor.TakeAny("s秒초"))
            cursor.Position = from;
        return true;
    }

    // One of the words stands for the half of the day; the other is "at". If both are unknown, both are kept.
    private static (string Word, DayHalf? Half) Which(string before, string after)
    {
        if (before.Length == 0 && after.Length == 0)
            return ("", DayHalf.None);
        var (first, last) = (
            before.Length == 0 ? DayHalf.None : DayHalves.Find(before),
            after.Length == 0 ? DayHalf.None : DayHalves.Find(after)
        );
        if (last is not null and not DayHalf.None)
            return (after, last);
        if (first is not null and not DayHalf.None)
            return (before, first);
        return first is null || last is null ? ((first is null ? before : "") + (last is null ? after : ""), null) : ("", DayHalf.None);
    }
}
