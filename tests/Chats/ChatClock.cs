using System.Globalization;
using System.Text;

namespace KlarKonform.Backup.Chats;

/// <summary>Writes dates and times by a pattern, as one telephone does.</summary>
/// <param name="Phone">The phone, which determines what surrounds them.</param>
/// <param name="Pattern">A pattern of <see cref="ChatLanguages"/>.</param>
/// <param name="Halves">Words next to the hour.</param>
/// <param name="Zero">The digit zero.</param>
internal sealed record ChatClock(Phone Phone, string Pattern, string Halves, char Zero)
{
    /// <summary>The beginning of a message's first line.</summary>
    public string Header(DateTime time) =>
        Phone switch
        {
            Phone.Android => Write(time) + " - ",
            Phone.Iphone => $"[{Write(time)}] ",
            _ => Write(time) + ": ",
        };

    private string Write(DateTime time)
    {
        var text = new StringBuilder();
        for (var i = 0; i < Pattern.Length; )
        {
            var length = 1;
            while (i + length < Pattern.Length && Pattern[i + length] == Pattern[i])
                length++;
            text.Append(
                Pattern[i] switch
                {
                    'y' => Number(length == 2 ? time.Year % 100 : time.Year, length),
                    'M' => Number(time.Month, length),
                    'd' => Number(time.Day, length),
                    'H' => Number(time.Hour, length),
                    'h' => Number(time.Hour % 12 == 0 ? 12 : time.Hour % 12, length),
                    'K' => Number(time.Hour % 12, length),
                    'm' => Number(time.Minute, length),
                    's' => Number(time.Second, length),
                    'a' => Half(time.Hour),
                    var sign => new string(sign, length),
                }
            );
            i += length;
        }

        return text.ToString();
    }

    private string Half(int hour) =>
        Halves.Split('|').Select(each => each.Split('=')).Last(each => int.Parse(each[0], CultureInfo.InvariantCulture) <= hour)[1];

    private string Number(int value, int digits) =>
        string.Concat(
            value
                .ToString("D" + digits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)
                .Select(digit => (char)(digit - '0' + Zero))
        );
}
