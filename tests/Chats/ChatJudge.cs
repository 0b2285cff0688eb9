using System.Text.RegularExpressions;
using KlarKonform.Backup.WhatsApp.Archive;

namespace KlarKonform.Backup.Chats;

/// <summary>Compares what was archived with the true chats.</summary>
/// <param name="exports">The exports that were dropped.</param>
/// <param name="archived">The restored chats.</param>
/// <param name="runs">What the runs reported.</param>
internal sealed partial class ChatJudge(IReadOnlyList<PlacedExport> exports, ArchivedChats archived, IReadOnlyList<BackupRun> runs)
{
    private readonly List<ChatFinding> _findings = [];
    private readonly Dictionary<string, List<(string Chat, ChatLine Line)>> _byToken = new(StringComparer.Ordinal);

    /// <summary>Everything that is wrong.</summary>
    public IReadOnlyList<ChatFinding> Judge()
    {
        foreach (var (chat, lines) in archived.Chats)
        {
            foreach (var line in lines)
            {
                foreach (var token in TokensOf(line))
                {
                    if (!_byToken.TryGetValue(token, out var found))
                        _byToken[token] = found = [];
                    found.Add((chat, line));
                }
            }
        }

        foreach (var chat in exports.GroupBy(export => export.Chat.Number))
            Chat([.. chat]);
        Mixed();
        foreach (var export in exports)
            Files(export);
        return _findings;
    }

    private static IEnumerable<string> TokensOf(ChatLine line) =>
        Texts(line).SelectMany(text => Token().Matches(text).Select(match => match.Value)).Distinct(StringComparer.Ordinal);

    private static IEnumerable<string> Texts(ChatLine line) =>
        (line.Earlier ?? []).Select(version => version.Text).Append(line.Text).OfType<string>();

    private void Chat(PlacedExport[] all)
    {
        var taken = all.Where(export => !export.MustBeRefused).ToArray();
        var (model, story) = (all[0].Chat, string.Join(" / ", all.Select(Describe)));
        foreach (var export in all.Where(export => export.MustBeRefused))
        {
            var said = runs.Any(run => run.Failures.Any(failure => failure.Name == export.Source));
            if (!said)
                Find(ChatFault.Unsaid, story, "another calendar was not refused");
            foreach (var (message, text) in export.Shown.Where(shown => shown.Text is not null))
            {
                foreach (var (_, line) in TokenOf(text!) is { } token ? _byToken.GetValueOrDefault(token, []) : [])
                    Time(line, message, story);
            }
        }

        if (taken.Length == 0)
            return;
        foreach (var failure in runs.SelectMany(run => run.Failures).Where(failure => taken.Any(export => failure.Name == export.Source)))
            Find(ChatFault.MessageLost, story, $"refused: {failure.Code} {failure.Message}");
        var shown = taken
            .SelectMany(export => export.Shown)
            .GroupBy(each => each.Message.Id)
            .ToDictionary(
                group => group.Key,
                group =>
                    (
                        group.Last().Message,
                        Texts: group.Select(each => each.Text).OfType<string>().Distinct(StringComparer.Ordinal).ToArray()
                    )
            );
        var homes = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (message, texts) in shown.Values)
            Message(message, texts, homes, story);
        if (
            homes.Count > 1
            && !runs.Any(run =>
                run.Notes.Any(note =>
                    note.Contains("sameChats", StringComparison.Ordinal)
                    && taken.Any(export => note.Contains(export.Source, StringComparison.Ordinal))
                )
            )
        )
            Find(ChatFault.ChatConfused, story, $"is in {string.Join(" and ", homes)}");
        if (homes.Count == 1)
            Counts(model, shown.Values.Select(each => each.Message), archived.Chats[homes.Single()], story);
    }

    // A message with a mark of its own occurs once, with its text and at its time.
    private void Message(ModelMessage message, string[] texts, HashSet<string> homes, string story)
    {
        foreach (var text in texts)
        {
            if (TokenOf(text) is not { } token)
                continue;
            var found = _byToken.GetValueOrDefault(token, []);
            homes.UnionWith(found.Select(each => each.Chat));
            if (
                !found.Any(each =>
                    Texts(each.Line)
                        .Any(said => message.Kind == ModelKind.Place ? said.EndsWith(text, StringComparison.Ordinal) : Same(said, text))
                )
            )
                Find(
                    ChatFault.MessageLost,
                    story,
                    $"{message.Minute} {Short(text)} is "
                        + $"{(found.Count == 0 ? "gone" : "now " + Short(string.Join(" | ", found.SelectMany(each => Texts(each.Line)))))}"
                );
            if (found.Count > 1)
                Find(
                    ChatFault.MessageDoubled,
                    story,
                    $"{message.Minute} {Short(text)} is there {found.Count} times, at "
                        + $"{string.Join(", ", found.Select(each => each.Line.LocalTime))}"
                );
            foreach (var (_, line) in found)
                Time(line, message, story);
        }
    }

    private void Time(ChatLine line, ModelMessage message, string story)
    {
        if (line.LocalTime?.StartsWith(message.Minute, StringComparison.Ordinal) != true)
            Find(ChatFault.TimeWrong, story, $"{message.Minute} became {line.LocalTime}");
    }

    // Messages with the same text occur as often as they should.
    private void Counts(ModelChat model, IEnumerable<ModelMessage> shown, IReadOnlyList<ChatLine> lines, string story)
    {
        var there = lines
            .GroupBy(line => line.LocalTime?[..16] ?? "")
            .ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal);
        foreach (var minute in shown.GroupBy(message => message.Minute))
        {
            var count = there.GetValueOrDefault(minute.Key);
            if (count < minute.Count())
                Find(
                    ChatFault.MessageLost,
                    story,
                    $"{minute.Key} has {count} of {minute.Count()} messages: "
                        + $"{string.Join(", ", minute.Select(each => $"{each.Kind} {each.Document}{each.Ending} {Short(each.Text)}"))}"
                );
            else if (count > minute.Count() && !IsMixed(model, lines))
                Find(
                    ChatFault.MessageDoubled,
                    story,
                    $"{minute.Key} has {count} for {minute.Count()} messages: "
                        + $"{string.Join(", ", minute.Select(each => $"{each.Kind} {each.Document}{each.Ending} {Short(each.Text)}"))}"
                );
        }
    }

    private static bool IsMixed(ModelChat model, IReadOnlyList<ChatLine> lines) =>
        lines.SelectMany(TokensOf).Any(token => NumberOf(token) != model.Number);

    private void Mixed()
    {
        foreach (var (chat, lines) in archived.Chats)
        {
            var numbers = lines.SelectMany(TokensOf).Select(NumberOf).Distinct().Order().ToArray();
            if (numbers.Length > 1 || numbers.Any(number => exports.All(export => export.Chat.Number != number)))
            {
                var stories = exports
                    .Where(export => numbers.Contains(export.Chat.Number) || export.Forwarded.Any(numbers.Contains))
                    .Select(Describe);
                Find(ChatFault.ChatConfused, string.Join(" / ", stories), $"{chat} has messages of the chats {string.Join(", ", numbers)}");
            }
        }
    }

    private void Files(PlacedExport export)
    {
        if (export.MustBeRefused)
            return;
        var story = Describe(export);
        foreach (var (name, bytes) in export.Media.Where(file => !archived.Files.Contains(ArchivedChats.HashOf(file.Bytes))))
            Find(ChatFault.MediaLost, story, $"{name} ({bytes.Length} bytes)");
        if (!archived.Texts.Contains(ArchivedChats.HashOf(export.Text)))
            Find(ChatFault.TextChanged, story, "the exported text is not there as it was");
        var notes = runs.SelectMany(run => run.Notes).Where(note => note.Contains(export.Source, StringComparison.Ordinal)).ToArray();
        if (export.Unnamed.Count > 0 && !notes.Any(note => export.Unnamed.Any(name => note.Contains(name, StringComparison.Ordinal))))
            Find(ChatFault.Unsaid, story, $"no note of {string.Join(", ", export.Unnamed)}");
        if (export.Missing.Count > 0 && !notes.Any(note => export.Missing.Any(name => note.Contains(name, StringComparison.Ordinal))))
            Find(ChatFault.Unsaid, story, $"no note of {string.Join(", ", export.Missing)}, which is missing; {string.Join(" | ", notes)}");
        if (
            export.RefusedEntry is { } refused
            && !runs.Any(run =>
                run.Failures.Any(failure =>
                    failure.Name.StartsWith(export.Source, StringComparison.Ordinal)
                    && failure.Name.EndsWith(refused[(refused.LastIndexOfAny(['/', '\\']) + 1)..], StringComparison.Ordinal)
                )
            )
        )
            Find(ChatFault.Unsaid, story, $"no failure for {refused}");
    }

    private void Find(ChatFault fault, string story, string what) => _findings.Add(new ChatFinding(fault, $"[{story}] {what}"));

    private static string Describe(PlacedExport export) => $"run {export.Wave}: {export.What}: {export.Source}: {export.Form}";

    private static string Short(string text) => text.Length > 120 ? text[..60] + "…" + text[^60..] : text;

    // Invisible characters and spaces of other widths may differ.
    private static bool Same(string a, string b) => Plain(a) == Plain(b);

    private static string Plain(string text) => Invisible().Replace(text, "").Replace('\u00A0', ' ').Replace('\u202F', ' ').Trim();

    private static string? TokenOf(string text) => Token().Match(text) is { Success: true } match ? match.Value : null;

    private static int NumberOf(string token) =>
        int.Parse(
            Digits().Match(token[(token.IndexOf('.', StringComparison.Ordinal) + 1)..]).Value,
            System.Globalization.CultureInfo.InvariantCulture
        );

    [GeneratedRegex(@"q\d+x\d+z|q=52\.\d{5},13\.\d{5}", RegexOptions.CultureInvariant)]
    private static partial Regex Token();

    [GeneratedRegex(@"\d+", RegexOptions.CultureInvariant)]
    private static partial Regex Digits();

    [GeneratedRegex("[\\u200E\\u200F\\u061C\\u202A-\\u202E\\u2066-\\u2069\\uFEFF\\r]", RegexOptions.CultureInvariant)]
    private static partial Regex Invisible();
}
