using System.Globalization;
using System.Text;

namespace KlarKonform.Backup.Chats;

/// <summary>Exports a true chat as one telephone would.</summary>
internal sealed class ExportWriter(Random random)
{
    private static readonly TimeZoneInfo s_home = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    /// <summary>Exports a chat.</summary>
    /// <param name="chat">The chat.</param>
    /// <param name="form">The telephone.</param>
    /// <param name="messages">The messages that exist so far.</param>
    /// <param name="isLater">Whether edits and deletions have happened.</param>
    /// <param name="missing">Percentage of files that fail to be exported.</param>
    public RenderedText Write(ModelChat chat, ExportForm form, IReadOnlyList<ModelMessage> messages, bool isLater, int missing = 0)
    {
        var text = new StringBuilder();
        var result = new RenderedText("", [], [], []);
        foreach (var (message, number) in messages.Select((message, i) => (message, i)))
        {
            var (said, shown) = Say(chat, form, message, isLater, number, missing, result);
            text.Append(Head(form, said.StartsWith('\u200E') && form.Clock.Phone == Phone.Iphone && message.Kind == ModelKind.Media))
                .Append(form.Clock.Header(Local(form, message.Time)));
            if (Author(chat, form, message) is { } author)
                text.Append(author).Append(": ");
            text.Append(said.Replace("\n", form.Clock.Phone == Phone.Android ? form.LineEnd : "\n", StringComparison.Ordinal))
                .Append(number < messages.Count - 1 || form.EndsLastLine ? form.LineEnd : "");
            result.Shown.Add((message, shown));
        }

        return result with
        {
            Text = text.ToString(),
        };
    }

    /// <summary>The time on the telephone's clock.</summary>
    public static DateTime Local(ExportForm form, DateTime home)
    {
        var there = form.Zone is null
            ? home
            : TimeZoneInfo.ConvertTimeFromUtc(
                TimeZoneInfo.ConvertTimeToUtc(DateTime.SpecifyKind(home, DateTimeKind.Unspecified), s_home),
                form.Zone
            );
        return form.CalendarYears == 0
            ? there
            : new DateTime(
                there.Year + form.CalendarYears,
                there.Month,
                Math.Min(there.Day, 28),
                there.Hour,
                there.Minute,
                there.Second,
                DateTimeKind.Unspecified
            );
    }

    private static string Head(ExportForm form, bool isMedia) => isMedia && form.Clock.Phone == Phone.Iphone ? "\u200E" : "";

    // iOS writes its own words in the chat's name.
    private static string? Author(ModelChat chat, ExportForm form, ModelMessage message) =>
        message.Author < 0
            ? form.Clock.Phone == Phone.Android
                ? null
                : Shown(form, chat.Title)
            : Shown(form, chat.People[message.Author]);

    private static string Shown(ExportForm form, string name)
    {
        name = form.Renamed.GetValueOrDefault(name, name);
        return !name.StartsWith('+') ? name
            : form.Clock.Phone == Phone.Android ? name
            : $"\u202A{name.Replace(' ', '\u00A0')}\u202C";
    }

    private (string Said, string? Shown) Say(
        ModelChat chat,
        ExportForm form,
        ModelMessage message,
        bool isLater,
        int number,
        int missing,
        RenderedText result
    )
    {
        var (language, isIphone) = (form.Language, form.Clock.Phone != Phone.Android);
        var own = isIphone ? "\u200E" : "";
        switch (message.Kind)
        {
            case ModelKind.System:
                return (own + language.Secure, null);
            case ModelKind.Place:
                return ($"{(isIphone ? own : "")}{(language.Code == "de" ? "Standort" : "Location")}: {message.Text}", message.Text);
            case ModelKind.Media:
                return (Media(form, message, number, missing, result), message.Text);
            case ModelKind.Text when isLater && message.IsDeleted:
                return (own + language.Deleted, null);
            case ModelKind.Text when isLater && message.Edited is { } edited && language.Edited is { } mark:
                return ($"{edited} {own}<{mark}>", edited);
            default:
                return (message.Text, message.Text);
        }
    }

    private string Media(ExportForm form, ModelMessage message, int number, int missing, RenderedText result)
    {
        var (language, caption) = (form.Language, message.Text);
        var isPicture = message.Document is null;
        if (!form.WithMedia)
        {
            if (form.Clock.Phone == Phone.Android)
                return $"<{language.Omitted}>{(caption.Length > 0 ? "\n" + caption : "")}";
            var words = isPicture ? language.ImageOmitted : language.DocumentOmitted;
            return form.Clock.Phone == Phone.OldIphone && caption.Length == 0
                ? $"<\u200E{words}>"
                : $"{caption}{(caption.Length > 0 ? " " : "")}\u200E{words}";
        }

        var name = NameOf(form, message, number);
        if (random.Next(100) < missing)
            result.Missing.Add(name);
        else
            result.Files.Add((name, message.File!));
        if (form.Clock.Phone == Phone.Android)
            return $"{Attached(language, name)}{(caption.Length > 0 ? "\n" + caption : "")}";
        var last = language.Attached[0] == '\u0001';
        if (form.Clock.Phone == Phone.OldIphone && caption.Length == 0)
            return $"{name} <\u200E{language.Attached.TrimStart('\u0001')}>";
        var marked = last ? $"\u200E<{name} {language.Attached[1..]}>" : $"\u200E<{language.Attached}: {name}>";
        return caption.Length == 0 ? marked : $"{caption} {marked}";
    }

    private static string Attached(ChatLanguage language, string name) =>
        language.FileAttached.Contains("{0}", StringComparison.Ordinal)
            ? language.FileAttached.Replace("{0}", name, StringComparison.Ordinal)
            : $"\u200E{name} ({language.FileAttached})";

    private string NameOf(ExportForm form, ModelMessage message, int number)
    {
        var (day, mark) = (message.Time.ToString("yyyyMMdd", CultureInfo.InvariantCulture), random.Next(10_000));
        if (form.Clock.Phone == Phone.Android)
            return message.Document
                ?? $"{message.Ending switch { ".jpg" => "IMG", ".mp4" => "VID", ".opus" => "PTT", _ => "STK" }}-{day}-WA"
                    + $"{number % 100:D2}{mark:D4}{message.Ending}";
        var prefix = number.ToString("D8", CultureInfo.InvariantCulture) + "-";
        return message.Document is { } document
            ? prefix + document
            : $"{prefix}{message.Ending switch { ".jpg" => "PHOTO", ".mp4" => "VIDEO", ".opus" => "AUDIO", _ => "STICKER" }}-"
                + $"{message.Time:yyyy-MM-dd-HH-mm-ss}{message.Ending}";
    }
}
