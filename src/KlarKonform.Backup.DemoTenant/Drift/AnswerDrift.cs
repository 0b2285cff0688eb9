using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using KlarKonform.Backup.DemoTenant.Http;
using KlarKonform.Backup.DemoTenant.Http.Protocol;

namespace KlarKonform.Backup.DemoTenant.Drift;

/// <summary>
/// A Graph that drifts: a seed decides for every item, part and page whether and how its responses are altered. The decision depends only
/// on the seed and the thing itself, so that concurrent, repeated or reordered requests get the same. Thread-safe; for
/// <see cref="DemoTenantServer.ChangeAnswers"/>.
/// </summary>
public sealed class AnswerDrift
{
    private const string DownloadAddress = "@microsoft.graph.downloadUrl";

    // The share of altered items: few, some or many; parts and details are fewer, so they are altered more often.
    private static readonly double[] s_shares = [0.02, 0.06, 0.15];

    private readonly DriftDice _dice;
    private readonly string _graph;
    private readonly DateTimeOffset _now;
    private readonly double _share;
    private readonly ConcurrentDictionary<string, string> _tickets = new();

    /// <param name="seed">The seed.</param>
    /// <param name="graph">Graph's address with its version, for links.</param>
    /// <param name="now">The clock; UTC.</param>
    public AnswerDrift(int seed, string graph, DateTimeOffset now)
    {
        (_dice, _graph, _now) = (new DriftDice(seed), graph, now);
        _share = s_shares[(seed & int.MaxValue) % s_shares.Length];
    }

    /// <summary>What was altered so far.</summary>
    public DriftRecord Record { get; } = new();

    /// <summary>Changes an answer, if it is one of those to be altered.</summary>
    public void Change(DemoAnswer answer)
    {
        if (answer.Method != "GET")
            return;
        var isDownload = answer.Path.StartsWith("/download/", StringComparison.Ordinal);
        var place = isDownload
            ? _tickets.TryGetValue(answer.Path["/download/".Length..], out var item)
                ? new DriftPlace(DriftKind.Content, item)
                : null
            : DriftPlace.Of(answer.Path);
        if (place is null || answer.Status is not (200 or 206 or 302))
            return;
        switch (place.Kind)
        {
            case DriftKind.Content:
                ChangeContent(answer, place, isDownload);
                break;
            case DriftKind.Detail:
                ChangeDetail(answer, place);
                break;
            case DriftKind.Entity:
                ChangeEntity(answer, place);
                break;
            default:
                ChangeListing(answer, place);
                break;
        }
    }

    private void ChangeContent(DemoAnswer answer, DriftPlace place, bool isDownload)
    {
        var key = isDownload ? "content:" + place.Target : answer.Path;
        if (!_dice.Falls(_share, "content", key))
            return;
        var random = _dice.For("content how", key);

        // A redirect has no bytes of its own.
        var how = answer.Status == 302 ? PageDrift.Refuse(answer, random) : PageDrift.ChangeContent(answer, random, isDownload);

        // A missing photo is an answer like any other; and a batch has no connection of its own that could be cut.
        if ((answer.Status == 404 || answer.CutAfter is not null) && answer.Path.EndsWith("/photo/$value", StringComparison.Ordinal))
        {
            answer.CutAfter = null;
            answer.Fail(500, how = "generalException");
        }

        Record.Touch(place.Target, isPart: false, "content: " + how, answer.Path);
    }

    private void ChangeDetail(DemoAnswer answer, DriftPlace place)
    {
        if (!_dice.Falls(_share, "detail", answer.Path))
            return;
        var random = _dice.For("detail how", answer.Path);

        // A missing OneDrive is an answer like any other.
        var how = PageDrift.ChangeAnswer(answer, random);
        if (place.Target.StartsWith("drive:", StringComparison.Ordinal) && answer.Status is 404 or 400)
            answer.Fail(500, how = "generalException");
        Record.Touch(place.Target, isPart: false, "detail: " + how, answer.Path);
    }

    private void ChangeEntity(DemoAnswer answer, DriftPlace place)
    {
        Remember(answer, place, whole: true);
        if (_dice.Falls(_share / 3, "refused", place.Target))
        {
            Record.Touch(place.Target, isPart: false, PageDrift.ChangeAnswer(answer, _dice.For("refused how", place.Target)), answer.Path);
            return;
        }

        if (!IsOdd(place.Target, inListing: false))
            return;
        answer.ChangeJson(json =>
        {
            if (json is JsonObject entry)
                Spoil(entry, place.Target, answer.Path);
        });
    }

    private void ChangeListing(DemoAnswer answer, DriftPlace place)
    {
        Remember(answer, place, whole: false);
        var poisoned = new List<string>();
        answer.ChangeJson(page =>
        {
            foreach (var entry in (page["value"] as JsonArray)?.OfType<JsonObject>().ToArray() ?? [])
            {
                if (entry["id"]?.ToString() is not { Length: > 0 } id || entry.ContainsKey("root"))
                    continue;
                var target = place.Prefix + id;
                if (place.CanSkip && _dice.Falls(_share / 4, "poison", target))
                    poisoned.Add(target);
                else if (IsOdd(target, inListing: true))
                    Spoil(entry, target, answer.Path);
            }
        });
        if (poisoned.Count > 0)
        {
            // The service cannot write this entry, and therefore not the page that contains it.
            answer.Fail(500, "ErrorInternalServerError", "Error while processing response.");
            foreach (var target in poisoned)
                Record.Touch(target, isPart: false, "500 of every page that it is on", answer.Path);
            return;
        }

        if (place.Kind == DriftKind.EntriesOnly)
            return;
        var page =
            answer.Path
            + (
                answer.Query.Contains("deltatoken", StringComparison.Ordinal) || answer.Query.Contains("?token=", StringComparison.Ordinal)
                    ? "|round"
                : answer.Query.Contains("skip", StringComparison.Ordinal) ? "|next"
                : "|first"
            );
        var isPart = _dice.Falls(_share / 2, "part", place.Target);
        if (!isPart && !_dice.Falls(_share / 2, "page", page))
            return;
        var random = _dice.For("page how", isPart ? place.Target : page);
        var (how, harmless) = isPart
            ? (PageDrift.Refuse(answer, random), false)
            : PageDrift.Change(answer, random, place.Kind == DriftKind.Delta, _graph + answer.Path + answer.Query);
        if (!harmless)
            Record.Touch(place.Target, isPart: true, how, page);
    }

    // Some are odd in every response, some only in listings, some only by themselves.
    private bool IsOdd(string target, bool inListing) =>
        _dice.Falls(_share, "item", target) && _dice.For("where", target).Next(4) is var where && (where >= 2 || (where == 0) == inListing);

    private void Spoil(JsonObject entry, string target, string path)
    {
        var how = new EntryDrift(_dice.For("item how", target), _now).Change(entry);
        Record.Touch(target, isPart: false, how, path);
        Record.Arrived(target, entry);
    }

    // Whose content a download URL leads to.
    private void Remember(DemoAnswer answer, DriftPlace place, bool whole)
    {
        if (
            !System.Text.Encoding.UTF8.GetString(answer.Body).Contains(DownloadAddress, StringComparison.Ordinal)
            || JsonNode.Parse(answer.Body) is not JsonObject json
        )
            return;
        foreach (var entry in whole ? [json] : (json["value"] as JsonArray)?.OfType<JsonObject>() ?? [])
        {
            if (entry["id"]?.ToString() is { } id && entry[DownloadAddress]?.ToString() is { } address)
                _tickets[new Uri(address).Segments[^1]] = place.Prefix + id;
        }
    }
}
