namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>Calendars other than the Gregorian one that telephones show, recognised by the era's word or by the year.</summary>
internal static class ExportEra
{
    private const string Japanese = "the Japanese calendar";
    private const string Buddhist = "the Buddhist calendar";
    private const string Hijri = "the Islamic calendar";
    private const string Persian = "the Persian calendar";
    private const string Minguo = "the calendar of Taiwan";

    // CLDR: eras of the calendars japanese, buddhist, islamic, persian and roc. Folded like half-day words.
    private static readonly Dictionary<string, string> s_words = new(StringComparer.Ordinal)
    {
        ["r"] = Japanese,
        ["h"] = Japanese,
        ["令和"] = Japanese,
        ["平成"] = Japanese,
        ["昭和"] = Japanese,
        ["reiwa"] = Japanese,
        ["heisei"] = Japanese,
        ["be"] = Buddhist,
        ["พศ"] = Buddhist,
        ["พุทธศักราช"] = Buddhist,
        ["佛历"] = Buddhist,
        ["佛曆"] = Buddhist,
        ["仏暦"] = Buddhist,
        ["불기"] = Buddhist,
        ["ah"] = Hijri,
        ["هـ"] = Hijri,
        ["ه"] = Hijri,
        ["هجری"] = Hijri,
        ["ھ"] = Hijri,
        ["হিজরি"] = Hijri,
        ["ap"] = Persian,
        ["هش"] = Persian,
        ["ه‍ش"] = Persian,
        ["民國"] = Minguo,
        ["民国"] = Minguo,
        ["minguo"] = Minguo,
        ["roc"] = Minguo,
    };

    /// <summary>The calendar of a folded era word, or null.</summary>
    public static string? Of(string word) => s_words.GetValueOrDefault(word);

    /// <summary>The calendar that most likely has such a year now.</summary>
    /// <param name="year">The year as written; two digits stand for the years from 2000 on.</param>
    /// <param name="digits">How many digits it has.</param>
    public static string Of(int year, int digits) =>
        (digits, year) switch
        {
            (4, >= 2400 and <= 2799) or (2, >= 2060 and <= 2085) => Buddhist,
            (4, >= 1426 and <= 1599) or (2, >= 2040 and <= 2059) => Hijri,
            (4, >= 1300 and <= 1425) or (2, >= 2000 and <= 2008) => Persian,
            (3, _) => Minguo,
            _ => "another calendar, or the telephone's clock was wrong",
        };
}
