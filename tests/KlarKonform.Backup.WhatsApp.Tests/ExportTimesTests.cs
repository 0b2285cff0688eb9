using System.Globalization;
using KlarKonform.Backup.WhatsApp.Exports;
using static KlarKonform.Backup.WhatsApp.Tests.ExportText;

namespace KlarKonform.Backup.WhatsApp.Tests;

public sealed class ExportTimesTests
{
    private static readonly DateTimeOffset s_now = TimeProvider.System.GetUtcNow();
    private static readonly string s_year = s_now.Year.ToString(CultureInfo.InvariantCulture);

    /// <summary>Unicode CLDR 48, am and pm of WhatsApp's languages, each pair once.</summary>
    public static TheoryData<string, string, string> Halves =>
        new()
        {
            { "af", "vm.", "nm." },
            { "sq", "p.d.", "m.d." },
            { "sq", "e paradites", "e pasdites" },
            { "am", "ጥዋት", "ከሰዓት" },
            { "ar", "ص", "م" },
            { "ar", "صباحًا", "مساءً" },
            { "en", "AM", "PM" },
            { "en-AU", "am", "pm" },
            { "bg", "пр.об.", "сл.об." },
            { "my", "နံနက်", "ညနေ" },
            { "ca", "a.\u00A0m.", "p.\u00A0m." },
            { "es", "a.\u202Fm.", "p.\u202Fm." },
            { "cs", "dop.", "odp." },
            { "nl", "a.m.", "p.m." },
            { "fi", "ap.", "ip." },
            { "de", "vorm.", "nachm." },
            { "el", "π.μ.", "μ.μ." },
            { "ha", "SF", "YM" },
            { "ha", "Safiya", "Yamma" },
            { "he", "לפנה״צ", "אחה״צ" },
            { "hi", "पूर्वाह्न", "अपराह्न" },
            { "hu", "de.", "du." },
            { "ga", "r.n.", "i.n." },
            { "ja", "午前", "午後" },
            { "kk", "таңғы", "түстен кейінгі" },
            { "ko", "오전", "오후" },
            { "ky", "тң", "тк" },
            { "ky", "таңкы", "түштөн кийинки" },
            { "lo", "ກ່ອນທ່ຽງ", "ຫຼັງທ່ຽງ" },
            { "lv", "priekšp.", "pēcp." },
            { "lv", "priekšpusdienā", "pēcpusdienā" },
            { "lt", "priešpiet", "popiet" },
            { "mk", "претпл.", "попл." },
            { "ms", "PG", "PTG" },
            { "mr", "म.पू.", "म.उ." },
            { "fa", "ق.ظ.", "ب.ظ." },
            { "fa", "قبل‌ازظهر", "بعدازظهر" },
            { "pt-PT", "da manhã", "da tarde" },
            { "pt-PT", "a.m.", "p.m." },
            { "sr", "пре подне", "по подне" },
            { "sl", "dop.", "pop." },
            { "sv", "fm", "em" },
            { "ta", "முற்பகல்", "பிற்பகல்" },
            { "th", "ก่อนเที่ยง", "หลังเที่ยง" },
            { "tr", "ÖÖ", "ÖS" },
            { "uk", "дп", "пп" },
            { "ur", "قبل دوپہر", "بعد دوپہر" },
            { "uz", "TO", "TK" },
            { "vi", "SA", "CH" },
            { "zu", "Ekuseni", "Ntambama" },
            { "zh", "上午", "下午" },
            { "is", "f.h.", "e.h." },
            { "mn", "ү.ө.", "ү.х." },
            { "si", "පෙ.ව.", "ප.ව." },
            { "so", "GH", "GD" },
            { "ps", "غ.م.", "غ.و." },
            { "cy", "yb", "yh" },
            { "bs", "prijepodne", "popodne" },
        };

    [Theory]
    [MemberData(nameof(Halves))]
    public async Task A_day_of_minutes_comes_back_from_every_language_s_halves(string language, string morning, string afternoon)
    {
        var day = new DateTime(s_now.Year - 1, 11, 24);
        foreach (var upper in (bool[])[false, true])
        {
            for (var form = 0; form < 6; form++)
            {
                var times = Enumerable.Range(0, 48).Select(i => day.AddMinutes(30 * i)).ToArray();
                var text = string.Concat(
                    times.Select(time =>
                    {
                        var half = time.Hour < 12 ? morning : afternoon;
                        half = upper
                            ? half.ToUpperInvariant()
                                .Replace(".", "", StringComparison.Ordinal)
                                .Replace(" ", "\u00A0", StringComparison.Ordinal)
                            : half;
                        var clock = $"{(time.Hour + 11) % 12 + 1}:{time.Minute:D2}";
                        return form switch
                        {
                            0 => $"{time:dd'/'MM'/'yy}, {clock}\u202F{half} - Anna: x\n",
                            1 => $"{time:dd'/'MM'/'yyyy} {half} {clock} - Anna: x\n",
                            2 => $"\u200E[{time:dd.MM.yy}, {clock}:00 {half}] Anna: x\r\n",
                            3 => $"[{time:yyyy'/'MM'/'dd} {half}{clock}:00] Anna: x\r\n",
                            4 => $"[{clock}:00 {half}, {time:dd'/'MM'/'yyyy}] Anna: x\r\n",
                            _ => $"{time:yyyy}年{time:MM}月{time:dd}日 {half}{clock} - Anna: x\n",
                        };
                    })
                );
                // With a two-digit year and only one day, it is open what comes first.
                var read = await ReadAsync(text, form is 0 or 2 ? DateOrder.DayFirst : null);
                Assert.Equal(times.Select(time => (language, form, time)), read.Select(message => (language, form, message.Time)));
            }
        }
    }

    [Theory]
    [InlineData("凌晨", 12, 0)]
    [InlineData("凌晨", 3, 3)]
    [InlineData("早上", 8, 8)]
    [InlineData("清晨", 6, 6)]
    [InlineData("上午", 12, 0)]
    [InlineData("上午", 11, 11)]
    [InlineData("中午", 12, 12)]
    [InlineData("中午", 1, 13)]
    [InlineData("中午", 11, 11)]
    [InlineData("下午", 12, 12)]
    [InlineData("下午", 5, 17)]
    [InlineData("傍晚", 6, 18)]
    [InlineData("晚上", 7, 19)]
    [InlineData("晚上", 11, 23)]
    [InlineData("午夜", 12, 0)]
    [InlineData("深夜", 11, 23)]
    [InlineData("深夜", 1, 1)]
    [InlineData("午前", 0, 0)]
    [InlineData("午後", 0, 12)]
    [InlineData("午後", 11, 23)]
    [InlineData("새벽", 2, 2)]
    [InlineData("오전", 12, 0)]
    [InlineData("오후", 12, 12)]
    [InlineData("저녁", 7, 19)]
    [InlineData("밤", 11, 23)]
    [InlineData("밤", 12, 0)]
    [InlineData("AM", 12, 0)]
    [InlineData("PM", 12, 12)]
    [InlineData("PM", 13, 13)]
    public async Task Each_part_of_the_day_has_its_own_twelve(string word, int hour, int expected)
    {
        var text = $"{s_year}/1/2 上午9:00 - Anna: x\n{s_year}/1/2 {word}{hour}:05 - Anna: y\n";
        Assert.Equal(expected, (await ReadAsync(text))[1].Time.Hour);
    }

    [Fact]
    public async Task A_twelve_in_the_evening_is_no_hour_and_its_line_is_not_lost() =>
        Assert.Contains(
            "晚上12:05",
            Assert.Single(await ReadAsync($"{s_year}/1/2 上午9:00 - Anna: x\n{s_year}/1/2 晚上12:05 - Anna: y\n")).Raw,
            StringComparison.Ordinal
        );

    /// <summary>The zeros of all scripts with decimal digits that .NET knows.</summary>
    public static TheoryData<int> Zeros
    {
        get
        {
            var zeros = new TheoryData<int>();
            for (var code = 0x80; code <= 0x1FFFF; code++)
            {
                if (code is < 0xD800 or > 0xDFFF && CharUnicodeInfo.GetDecimalDigitValue(char.ConvertFromUtf32(code), 0) == 0)
                    zeros.Add(code);
            }

            return zeros;
        }
    }

    [Theory]
    [MemberData(nameof(Zeros))]
    public async Task Digits_of_every_script_are_digits(int zero)
    {
        var text =
            string.Concat(
                $"[24/11/{s_year}, 13:05:09] ".Select(sign =>
                    char.IsAsciiDigit(sign) ? char.ConvertFromUtf32(zero + sign - '0') : sign.ToString()
                )
            ) + "Anna: x";
        Assert.Equal(new DateTime(s_now.Year, 11, 24, 13, 5, 9), Assert.Single(await ReadAsync(text)).Time);
    }

    [Theory]
    [InlineData("\u200F[٢٤\u200F/١١\u200F/YYYY، ١:٠٥:٠٩ م] Anna: x")]
    [InlineData("[\u200F24\u200F/11\u200F/YYYY، 13:05:09] Anna: x")]
    [InlineData("۲۴/۱۱/YYYY،\u200F ۱۳:۰۵:۰۹: Anna: x")]
    [InlineData("[24/11/YYYY、13:05:09] Anna: x")]
    [InlineData("[24/11/YYYY，13:05:09] Anna: x")]
    [InlineData("［24/11/YYYY, 13:05:09］Anna: x")]
    [InlineData("[24.11.YYYY\u2009г.,\u202F13:05:09\u00A0ч.] Anna: x")]
    [InlineData("[24. 11. YYYY. 13:05:09] Anna: x")]
    [InlineData("[YYYY. 11. 24. 오후 1:05:09] Anna: x")]
    [InlineData("[YYYY년 11월 24일 오후 1:05:09] Anna: x")]
    [InlineData("[YYYY年11月24日13:05:09] Anna: x")]
    [InlineData("[YYYY-11-24 13 h 05 min 09 s] Anna: x")]
    [InlineData("[YYYY-11-24, 1 h 05 min 09 s p.m.] Anna: x")]
    [InlineData("[13:05:09, 24/11/YYYY] Anna: x")]
    [InlineData("[24-11-YYYY 13.05.09] Anna: x")]
    [InlineData("[24/11/YYYY a\u00A0las 1:05:09 p.\u00A0m.] Anna: x")]
    [InlineData("[24/11/YYYY\u300013：05：09] Anna: x")]
    [InlineData("[24\u200E/\u200E11\u200E/\u200EYYYY, 1:05:09\u202FPM] Anna: x")]
    public async Task Separators_blanks_and_marks_of_every_language_are_read(string line)
    {
        var messages = await ReadAsync(line.Replace("YYYY", s_year, StringComparison.Ordinal));
        Assert.Equal(
            (new DateTime(s_now.Year, 11, 24, 13, 5, 9), "Anna", "x"),
            (messages.Single().Time, messages[0].Author, messages[0].Text)
        );
    }

    [Fact]
    public async Task Hour_and_minute_without_seconds_are_read_with_the_letter_between_them() =>
        Assert.Equal(new DateTime(s_now.Year, 11, 24, 13, 5, 0), (await ReadAsync($"{s_year}-11-24 13 h 05 - Anna: x"))[0].Time);

    [Fact]
    public async Task Words_that_nobody_knows_are_learnt_from_the_order_within_days()
    {
        var text = string.Concat(
            Enumerable
                .Range(1, 9)
                .Select(day => $"0{day}/05/{s_year}, 9:00 kuku - Anna: früh\n0{day}/05/{s_year}, 8:00 pipi - Anna: spät\n")
        );
        var messages = await ReadAsync(text);
        Assert.Equal([9, 20], messages.Take(2).Select(message => message.Time.Hour));
        Assert.Equal(18, messages.Count);
    }

    [Theory]
    [InlineData("01/05/YYYY, 9:00 kuku - A: x\n02/05/YYYY, 8:00 pipi - A: y\n")] // Never on one day.
    [InlineData("01/05/YYYY, 9:00 kuku - A: x\n01/05/YYYY, 8:00 pipi - A: y\n01/05/YYYY, 8:00 kuku - A: y\n")] // Both orders.
    [InlineData("01/05/YYYY, 9:00 kuku - A: x\n01/05/YYYY, 10:00 kuku - A: y\n")] // One word only.
    [InlineData("01/05/YYYY, 9:00 kuku - A: x\n01/05/YYYY, 10:00 pipi - A: y\n01/05/YYYY, 10:00 lala - A: y\n")] // Three.
    [InlineData("01/05/YYYY, 9:00 AM - A: x\n01/05/YYYY, 10:00 kuku - A: y\n01/05/YYYY, 10:00 pipi - A: y\n")]
    public async Task Words_that_nobody_knows_and_nothing_tells_are_refused_and_never_guessed(string text) =>
        await AssertRefusedAsync(text, "half of the day");

    [Fact]
    public async Task A_word_beside_hours_of_twenty_four_says_nothing() =>
        Assert.Equal(
            [9, 13],
            (await ReadAsync($"01/05/{s_year} kuku 09:00 - A: x\n01/05/{s_year} kuku 13:00 - A: y\n")).Select(message => message.Time.Hour)
        );

    [Fact]
    public async Task A_pasted_line_with_an_unknown_word_stays_part_of_its_message()
    {
        var text =
            string.Concat(Enumerable.Range(0, 200).Select(i => $"01/05/{s_year}, 9:{i % 60:D2} AM - A: x\n"))
            + $"02/05/{s_year}, 9:00 AM - A: siehe\n02/05/{s_year}, 9:00 kuku - B: y\n";
        var messages = await ReadAsync(text);
        Assert.Equal(201, messages.Count);
        Assert.Contains("kuku", messages[^1].Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[24/11/B BE, 13:05:09] Anna: x", "Buddhist")]
    [InlineData("24/11/B, 13:05 - Anna: x", "Buddhist")]
    [InlineData("24/11/b, 13:05 - Anna: x", "Buddhist")]
    [InlineData("[24/6/H هـ، 1:05:09 م] Anna: x", "Islamic")]
    [InlineData("24/6/H, 13:05 - Anna: x", "Islamic")]
    [InlineData("24/6/h, 13:05 - Anna: x", "Islamic")]
    [InlineData("P/9/3, 13:05 - Anna: x", "Persian")]
    [InlineData("3/9/p, 13:05 - Anna: x", "Persian")]
    [InlineData("[11/24/R8, 13:05:09] Anna: x", "Japanese")]
    [InlineData("R8/11/24 13:05 - Anna: x", "Japanese")]
    [InlineData("[令和8年11月24日 13:05:09] Anna: x", "Japanese")]
    [InlineData("民國115年11月24日 下午1:05 - Anna: x", "Taiwan")]
    [InlineData("115/11/24 下午1:05 - Anna: x", "Taiwan")]
    public async Task Years_of_another_calendar_are_refused_with_its_name(string line, string calendar)
    {
        var (buddhist, hijri, persian) = (
            s_now.Year + 543,
            new HijriCalendar().GetYear(s_now.UtcDateTime),
            new PersianCalendar().GetYear(s_now.UtcDateTime)
        );
        line = line.Replace("B", Number(buddhist), StringComparison.Ordinal)
            .Replace(Number(buddhist) + "E", "BE", StringComparison.Ordinal)
            .Replace("H", Number(hijri), StringComparison.Ordinal)
            .Replace("P", Number(persian), StringComparison.Ordinal)
            .Replace("/b", $"/{buddhist % 100:D2}", StringComparison.Ordinal)
            .Replace("/h", $"/{hijri % 100:D2}", StringComparison.Ordinal)
            .Replace("/p", $"/{persian % 100:D2}", StringComparison.Ordinal);
        await AssertRefusedAsync(line, calendar);
    }

    [Fact]
    public async Task A_chat_of_the_far_future_is_refused_and_a_few_lines_of_a_wrong_clock_are_not()
    {
        await AssertRefusedAsync(
            $"24.11.{s_now.Year + 3}, 13:05 - Anna: x\n24.11.{s_year}, 13:05 - Anna: x\n24.11.{s_now.Year + 3}, 13:05 - Anna: x\n",
            "clock"
        );
        var messages = await ReadAsync(
            $"24.11.{s_year}, 13:05 - Anna: 1\n24.11.{s_year}, 13:06 - Anna: 2\n24.11.{s_now.Year + 9}, 13:05 - Anna: 3\n"
                + $"01.01.1970, 00:05 - Anna: 4\n24.11.{s_year}, 13:07 - Anna: 5\n24.11.{s_year}, 13:08 - Anna: 6",
            now: s_now
        );
        Assert.Equal(["1", "2", "3"], messages.Take(3).Select(message => message.Text));
        Assert.Equal("1,2,3,4,5,6", string.Join(',', messages.SelectMany(message => message.Text.Split('\n')).Select(line => line[^1])));
    }

    [Theory]
    [InlineData("25. 11. 30. 오후 1:05 - A: x", 2025, 11, 30)]
    [InlineData("25/11/03 13:05 - A: x\n25/11/30 13:05 - A: x\n25/12/01 13:05 - A: x\n", 2025, 11, 3)]
    [InlineData("30/11/25 13:05 - A: x\n01/12/25 13:05 - A: x\n03/12/25 13:05 - A: x\n", 2025, 11, 30)]
    [InlineData("24/11/24 13:05 - A: x\n", 2024, 11, 24)]
    public async Task A_short_year_that_comes_first_is_seen_by_the_whole_chat(string text, int year, int month, int day) =>
        Assert.Equal(new DateTime(year, month, day, 13, 5, 0), (await ReadAsync(text))[0].Time);

    [Fact]
    public async Task In_Korean_short_dates_days_of_one_and_of_two_digits_are_of_one_form()
    {
        var messages = await ReadAsync(
            "[23. 4. 28. 오후 8:47:57] A: 1\n[23. 5. 4. 오후 2:40:09] A: 2\n[23. 5. 9. 오전 9:00:00] A: 3\n[23. 5. 12. 오전 9:00:00] A: 4\n"
        );
        Assert.Equal(
            [(2023, 4, 28), (2023, 5, 4), (2023, 5, 9), (2023, 5, 12)],
            messages.Select(message => (message.Time.Year, message.Time.Month, message.Time.Day))
        );
        Assert.Equal(new DateTime(2023, 5, 4, 14, 40, 9), (await ReadAsync("[23. 5. 4. 오후 2:40:09] A: 2\n"))[0].Time);
        var pasted = await ReadAsync("24.11.25, 13:05 - A: 1\n23.5.4, 13:05 - B: 2\n24.11.25, 13:06 - A: 3\n");
        Assert.Equal(["1\n23.5.4, 13:05 - B: 2", "3"], pasted.Select(message => message.Text));
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static async Task AssertRefusedAsync(string text, string reason)
    {
        var refusal = await Assert.ThrowsAsync<WhatsAppException>(() =>
            ReadAsync(text.Replace("YYYY", s_year, StringComparison.Ordinal), now: s_now)
        );
        Assert.Equal(WhatsAppErrorKind.UnknownTimes, refusal.Kind);
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
        Assert.False(refusal.IsPassing);
    }
}
