using System.Globalization;
using KlarKonform.Backup.Engine.Formats.Chats;
using KlarKonform.Backup.Engine.Sources.WhatsApp.Archive;
using KlarKonform.Backup.WhatsApp.Archive;
using KlarKonform.Backup.WhatsApp.Exports;

namespace KlarKonform.Backup.Engine.Sources.WhatsApp.Exports;

/// <summary>
/// Finds the archived chat that an export belongs to: by its name, by its participants, and by messages that both have. Only the name of an
/// export's file names the chat, and people, browsers and telephones change it. If the match is uncertain, the export becomes a chat of its
/// own: two chats that are one can be joined, but one that is two cannot be separated. Used for one run; not thread-safe.
/// </summary>
internal sealed class ChatMatcher(ChatArchive archive, WhatsAppExportSettings settings)
{
    private const string Prefix = "export:";
    private const int MaxPeopleInName = 4;

    // One in this many texts must occur in both chats: below that, a text was forwarded, or sent to many.
    private const int OneIn = 5;
    private const int FewestCommon = 2;

    // This many texts from the same weeks that the other chat lacks belong to another chat.
    private const int EnoughToDiffer = 5;

    private Dictionary<string, ChatInfo>? _known;

    private enum Verdict
    {
        Same,
        Perhaps,
        Other,
    }

    /// <summary>Chooses the chat, and its name.</summary>
    /// <param name="name">The chat's name in the export's file names, or null.</param>
    /// <param name="source">The export's own file name.</param>
    /// <param name="survey">What is in the export.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task<ChatChoice> ChooseAsync(string? name, string source, ExportSurvey survey, CancellationToken cancellationToken)
    {
        var known = _known ??= await archive.ExportsAsync(settings.Number, Prefix, cancellationToken);
        var told = Told(name, source);
        var called = told ?? name ?? People(survey);
        var seen = new List<(string Chat, bool IsNamed, Verdict Verdict, ChatOverlap Overlap)>();
        foreach (var (chat, info) in known.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            var isNamed = IsCalled(info, called);
            var isCopy = !isNamed && IsCalled(info, ChatName.WithoutCopy(called) ?? called, copies: true);
            if (!isNamed && !isCopy && !IsLike(info, survey))
                continue;
            var overlap = ChatOverlap.Of(await TracesAsync(chat, info, survey, cancellationToken), survey.Traces);
            if (told is not null && isNamed)
                return new ChatChoice(chat, called, overlap.Shift, IsDoubtful: false);
            seen.Add((chat, isNamed, Judge(info, called, overlap, survey, isNamed, isCopy), overlap));
        }

        if (told is not null)
            return Own(known, called, isDoubtful: false);
        foreach (
            var best in seen.Where(each => each.Verdict == Verdict.Same)
                .OrderByDescending(each => each.Overlap.Common)
                .ThenByDescending(each => each.IsNamed)
        )
            return new ChatChoice(best.Chat, called, best.Overlap.Shift, IsDoubtful: false);
        var likely = seen.Where(each => each.Verdict == Verdict.Perhaps).ToArray();
        if (likely.Any(each => each.IsNamed))
            likely = [.. likely.Where(each => each.IsNamed)];
        return likely is [var only]
            ? new ChatChoice(only.Chat, called, only.Overlap.Shift, IsDoubtful: false)
            : Own(known, called, isDoubtful: likely.Length > 1 || seen.Exists(each => each.IsNamed || each.Overlap.Common >= FewestCommon));
    }

    private static ChatChoice Own(Dictionary<string, ChatInfo> known, string called, bool isDoubtful)
    {
        var own = Prefix + called;
        for (var number = 2; known.ContainsKey(own); number++)
            own = $"{Prefix}{called}#{number.ToString(CultureInfo.InvariantCulture)}";
        return new ChatChoice(own, called, ChatShift.None, isDoubtful) { IsNew = true };
    }

    /// <summary>Stores a chat's current info, for later exports.</summary>
    public void Know(string chat, ChatInfo info) => (_known ??= new(StringComparer.Ordinal))[chat] = info;

    // What the admin has specified.
    private string? Told(string? name, string source) =>
        settings.SameChats is not { } same
            ? null
            : same.FirstOrDefault(pair =>
                string.Equals(pair.Key, source, StringComparison.OrdinalIgnoreCase)
                || (name is not null && ChatName.KeyOf(pair.Key) == ChatName.KeyOf(name))
            ).Value;

    private static string People(ExportSurvey survey)
    {
        var people = survey.Authors.Order(StringComparer.Ordinal).Take(MaxPeopleInName + 1).ToArray();
        return people.Length switch
        {
            0 => "WhatsApp",
            <= MaxPeopleInName => string.Join(", ", people),
            _ => string.Join(", ", people.Take(MaxPeopleInName)) + ", …",
        };
    }

    private static bool IsCalled(ChatInfo info, string name, bool copies = false)
    {
        var key = ChatName.KeyOf(name);
        return info.Names.Append(info.Name).Any(each => ChatName.KeyOf(copies ? ChatName.WithoutCopy(each) ?? each : each) == key);
    }

    // One of the two has the number, the other does not.
    private static bool IsWithout(ChatInfo info, string name) =>
        ChatName.WithoutCopy(name) is { } without
            ? IsCalled(info, without)
            : info
                .Names.Append(info.Name)
                .Any(each => ChatName.WithoutCopy(each) is { } other && ChatName.KeyOf(other) == ChatName.KeyOf(name));

    private static bool IsLike(ChatInfo info, ExportSurvey survey)
    {
        var common = 0;
        foreach (var hash in info.Hashes())
            common += survey.Traces.Contains(hash) ? 1 : 0;
        return common >= FewestCommon;
    }

    private async Task<ChatTraces> TracesAsync(string chat, ChatInfo info, ExportSurvey survey, CancellationToken cancellationToken)
    {
        var traces = new ChatTraces();
        if (survey.Messages == 0)
            return traces;
        var (from, to) = (MonthOf(survey.First, -1), MonthOf(survey.Last, 1));
        var folder = await archive.ChatAsync(info.Number, info.NumberId, chat, null, cancellationToken);
        foreach (
            var month in info
                .Months.Keys.Where(month => string.CompareOrdinal(month, from) >= 0 && string.CompareOrdinal(month, to) <= 0)
                .ToArray()
        )
        {
            foreach (var line in (await folder.MonthAsync(month, cancellationToken)).Lines)
                traces.Add(line);
            await folder.SaveMonthsAsync(cancellationToken); // Nothing changed: the loaded month is dropped again.
        }

        return traces;
    }

    private static string MonthOf(DateTime time, int more) =>
        new DateTime(Math.Clamp(time.Year, 2, 9998), time.Month, 1).AddMonths(more).ToString("yyyy-MM", CultureInfo.InvariantCulture);

    private static Verdict Judge(ChatInfo info, string name, ChatOverlap overlap, ExportSurvey survey, bool isNamed, bool isCopy)
    {
        var (before, now) = (info.Participants.Keys.ToHashSet(StringComparer.Ordinal), survey.Authors);

        // A participant who left no trace on the other side and was not renamed.
        var renamed = overlap.Authors.Where(pair => pair.Archived != pair.Exported).ToArray();
        var gone = before.Except(now).Except(renamed.Select(pair => pair.Archived ?? "")).Any();
        var come = now.Except(before).Except(renamed.Select(pair => pair.Exported ?? "")).Any();
        var writers = overlap.Authors.Select(pair => pair.Archived).Distinct().Count();
        if (overlap.Common >= Math.Max(FewestCommon, overlap.Possible / OneIn))
        {
            // What one person sends to many at once is in all their chats.
            if (writers >= 2 || (!(gone && come) && (renamed.Length > 0 || isNamed || isCopy)))
                return Verdict.Same;
            return isNamed && !(gone && come) ? Verdict.Same : Verdict.Other;
        }

        if (!isNamed && !isCopy)
            return Verdict.Other;
        if ((overlap.Common == 0 && overlap.Possible >= EnoughToDiffer) || (gone && come))
            return Verdict.Other;

        // A participant of both who writes in all chats of the number proves nothing. A number in brackets may be part of the name, unless
        // the name without it exists.
        var shared = before.Intersect(now).ToArray();
        var agree =
            before.SetEquals(now)
            || shared.Length > 1
            || before.Count == 0
            || now.Count == 0
            || shared.Any(each => ChatName.KeyOf(each) == ChatName.KeyOf(ChatName.WithoutCopy(name) ?? name));
        return agree && (isNamed || before.SetEquals(now) || IsWithout(info, name)) ? Verdict.Perhaps : Verdict.Other;
    }
}
