using System.Globalization;
using System.Text;

namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>
/// Words for the halves and parts of the day that telephones write next to the hour, in WhatsApp's languages. Source: Unicode CLDR 48,
/// dayPeriods of the Gregorian calendar (am, pm and, for Chinese, Japanese and Korean, the parts of the day), plus what older telephones
/// wrote.
/// </summary>
internal static class DayHalves
{
    /// <summary>Length of the longest word, with its spaces and dots.</summary>
    public const int MaxLength = 28;

    private const string Mornings =
        "AM|a|a.m.|in the morning|vorm.|vm.|v.m.|p.d.|paradite|e paradites|ጥዋት|ጠዋት|ص|صباحًا|صباحا|пр.об.|преди обяд|နံနက်|"
        + "dop.|dopoledne|ap.|aamupäivä|π.μ.|πμ|SF|Safiya|"
        + "לפנה״צ|לפנה\"צ|לפנהצ|לפני הצהריים|पूर्वाह्न|de.|délelőtt|r.n.|ಪೂರ್ವಾಹ್ನ|тң|таңкы|таңғы|ກ່ອນທ່ຽງ|priekšp.|"
        + "priekšpusdienā|priekšpusdiena|priešpiet|pr. p.|"
        + "претпл.|претпладне|PG|म.पू.|ق.ظ.|ق|قبل‌ازظهر|قبل از ظهر|ق‌ظ|da manhã|manhã|ਪੂ.ਦੁ.|пре подне|prepodne|prije podne|"
        + "prijepodne|dopoldne|fm|f.m.|förmiddag|"
        + "formiddag|முற்பகல்|ก่อนเที่ยง|ÖÖ|дп|ق.د.|قبل دوپہر|TO|SA|sáng|Ekuseni|կա|կեսօրից առաջ|f.h.|f.|ព្រឹក|ү.ө.|පෙ.ව.|GH|"
        + "غ.م.|go.öň|g.öň|günortadan öň|yb|পূর্বাহ্ণ|পূর্বাহ্ন|"
        + "上午|早上|早晨|清晨|凌晨|午前|朝|오전|아침|새벽|mattina|di mattina|de la mañana|matin|du matin|ráno|rano|утра|dimineața|pagi";

    private const string Afternoons =
        "PM|p|p.m.|in the afternoon|nachm.|nm.|n.m.|m.d.|pasdite|e pasdites|ከሰዓት|ከሰዓት በኋላ|م|مساءً|مساء|сл.об.|след обяд|ညနေ|"
        + "odp.|odpoledne|ip.|iltapäivä|μ.μ.|μμ|YM|Yamma|"
        + "אחה״צ|אחה\"צ|אחהצ|אחרי הצהריים|अपराह्न|du.|délután|i.n.|ಅಪರಾಹ್ನ|тк|түштөн кийинки|түстен кейінгі|ຫຼັງທ່ຽງ|pēcp.|"
        + "pēcpusdienā|pēcpusd.|pēcpusdiena|popiet|pop.|"
        + "попл.|попладне|PTG|म.उ.|ب.ظ.|ب|بعدازظهر|بعد از ظهر|ب‌ظ|da tarde|tarde|ਬਾ.ਦੁ.|по подне|popodne|poslije podne|"
        + "poslijepodne|popoldne|em|e.m.|eftermiddag|"
        + "ettermiddag|பிற்பகல்|หลังเที่ยง|ÖS|пп|ب.د.|بعد دوپہر|TK|CH|chiều|Ntambama|կհ|կեսօրից հետո|e.h.|ល្ងាច|ү.х.|ප.ව.|GD|"
        + "غ.و.|go.soň|g.soň|günortadan soň|yh|অপরাহ্ণ|অপরাহ্ন|"
        + "下午|傍晚|午後|夕方|오후|pomeriggio|di pomeriggio|de la tarde|après-midi|de l’après-midi";

    private const string Noons = "noon|中午|正午|昼|낮|정오";

    private const string Evenings = "in the evening|晚上|晚间|晚間|夜间|夜間|저녁|de la noche|da noite|du soir";

    private const string Nights = "at night|midnight|深夜|半夜|午夜|夜|夜中|真夜中|밤|자정";

    // Words next to the hour of a 24-hour clock, and between date and hour.
    private const string Silent =
        "Uhr|h|s|ч|г|р|год|น|นาฬิกา|hrs|hod|godz|uur|klo|kl|klokken|um|at|a las|a la|à|às|as|alle|all'|la|ore|ora|óra|ob|o|u|"
        + "om|в|във|об|у|saat|jam|pukul|lúc|vào lúc|στις|ve|noong|nang|"
        + "في|الساعة|ساعت|בשעה|ที่|তে|को|बजे|saa|am um";

    private static readonly Dictionary<string, DayHalf> s_words = Load();

    /// <summary>The word without dots, spaces, marks and case: this is what is compared.</summary>
    public static string Fold(ReadOnlySpan<char> word)
    {
        var letters = new StringBuilder(word.Length);
        foreach (var sign in word)
        {
            if (IsPart(sign))
                letters.Append(sign);
        }

        return letters.ToString().Normalize(NormalizationForm.FormKC).ToLowerInvariant();
    }

    /// <summary>The meaning of a folded word, or null if unknown.</summary>
    public static DayHalf? Find(string word) => s_words.TryGetValue(word, out var half) ? half : null;

    /// <summary>The hour on a 24-hour clock, or -1 if there is no such hour.</summary>
    public static int Hour(DayHalf half, int hour) =>
        half switch
        {
            DayHalf.None => hour <= 23 ? hour : -1,
            DayHalf.Morning => hour <= 12 ? hour % 12 : -1,
            DayHalf.Afternoon => hour <= 12 ? (hour % 12) + 12
            : hour <= 23 ? hour
            : -1, // Some write "13:05 PM".
            DayHalf.Noon => hour is 11 or 12 ? hour
            : hour <= 5 ? hour + 12
            : -1,
            DayHalf.Evening => hour is >= 5 and <= 11 ? hour + 12
            : hour is >= 17 and <= 23 ? hour
            : -1,
            _ => hour is >= 7 and <= 11 ? hour + 12
            : hour == 12 ? 0
            : hour <= 6 ? hour
            : -1,
        };

    /// <summary>Whether a character belongs to a word: a letter or a combining mark.</summary>
    public static bool IsPart(char sign) =>
        char.IsLetter(sign) || char.GetUnicodeCategory(sign) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;

    private static Dictionary<string, DayHalf> Load()
    {
        var words = new Dictionary<string, DayHalf>(StringComparer.Ordinal);
        foreach (
            var (list, half) in (IEnumerable<(string, DayHalf)>)
                [
                    (Mornings, DayHalf.Morning),
                    (Afternoons, DayHalf.Afternoon),
                    (Noons, DayHalf.Noon),
                    (Evenings, DayHalf.Evening),
                    (Nights, DayHalf.Night),
                    (Silent, DayHalf.None),
                ]
        )
        {
            foreach (var word in list.Split('|'))
                words.TryAdd(Fold(word), half);
        }

        return words;
    }
}
