using System.Text;
using System.Text.Json.Nodes;
using KlarKonform.Backup.DemoTenant.Http.Protocol;

namespace KlarKonform.Backup.DemoTenant.Drift;

/// <summary>
/// Makes a whole answer odd: an error inside a success, a gateway's page, JSON that breaks off, links that lead nowhere or in a circle,
/// refusals.
/// </summary>
internal static class PageDrift
{
    private static readonly (int Status, string Code)[] s_errors =
    [
        (400, "BadRequest"),
        (403, "ErrorAccessDenied"),
        (404, "ErrorItemNotFound"),
        (409, "conflict"),
        (423, "resourceLocked"),
        (500, "generalException"),
        (503, "serviceNotAvailable"),
    ];

    private static int s_fresh;

    /// <summary>Changes a page of entries.</summary>
    /// <returns>What was done, and whether a reader can compensate for it.</returns>
    public static (string How, bool IsHarmless) Change(DemoAnswer answer, Random random, bool isDelta, string address)
    {
        switch (random.Next(14))
        {
            case 0:
                answer.ChangeJson(page => Order(page, value => value.AddRange(value.ToArray().Select(entry => entry?.DeepClone()))));
                return ("entries twice", true);
            case 1:
                answer.ChangeJson(page => Order(page, value => value.Reverse()));
                return ("entries in another order", true);
            case 2:
                answer.ChangeJson(page => page.AsObject().Remove("value"));
                return ("no value", false);
            case 3:
                var other = random.Next(4);
                answer.ChangeJson(page =>
                    page["value"] = other switch
                    {
                        0 => null,
                        1 => new JsonObject(),
                        2 => "text",
                        _ => 5,
                    }
                );
                return ("value of another kind", false);
            case 4 when isDelta:
                answer.ChangeJson(page => _ = page.AsObject().Remove("@odata.nextLink") | page.AsObject().Remove("@odata.deltaLink"));
                return ("no link", false);
            case 5 when isDelta:
                answer.ChangeJson(page =>
                    page[page["@odata.nextLink"] is null ? "@odata.deltaLink" : "@odata.nextLink"] = "weiter geht es hier"
                );
                return ("a link that is none", false);
            case 6:
                answer.ChangeJson(page =>
                {
                    page.AsObject().Remove("@odata.deltaLink");
                    page["@odata.nextLink"] = address;
                });
                return ("its own link once more", false);
            case 7:
                answer.ChangeJson(page =>
                {
                    page.AsObject().Remove("@odata.deltaLink");
                    page["@odata.nextLink"] =
                        $"{address}{(address.Contains('?', StringComparison.Ordinal) ? '&' : '?')}fresh="
                        + $"{Interlocked.Increment(ref s_fresh)}";
                });
                return ("fresh links to the same page", false);
            case 8:
                var stranger = random.Next(4);
                answer.ChangeJson(page =>
                    Order(
                        page,
                        value =>
                            value.Add(
                                stranger switch
                                {
                                    0 => null,
                                    1 => 7,
                                    2 => new JsonArray(),
                                    _ => new JsonObject { ["displayName"] = "?" },
                                }
                            )
                    )
                );
                return ("an entry that is none", false);
            default:
                return (ChangeAnswer(answer, random), false);
        }
    }

    /// <summary>Changes any JSON answer.</summary>
    public static string ChangeAnswer(DemoAnswer answer, Random random)
    {
        switch (random.Next(8))
        {
            case 0:
                answer.SetJson(
                    new JsonObject
                    {
                        ["error"] = new JsonObject { ["code"] = "UnknownError", ["message"] = "In place of an answer." },
                    }
                );
                return "200 with an error";
            case 1:
                SetPage(answer);
                return "200 with a web page";
            case 2:
                answer.Body = answer.Body[..(answer.Body.Length / 2)];
                return "JSON that breaks off";
            case 3:
                answer.CutAfter = answer.Body.Length / 2;
                return "a line that is cut";
            default:
                return Refuse(answer, random);
        }
    }

    /// <summary>Answers with an error.</summary>
    public static string Refuse(DemoAnswer answer, Random random)
    {
        var (status, code) = s_errors[random.Next(s_errors.Length)];
        answer.Fail(status, code);
        return $"{status} {code}";
    }

    /// <summary>Changes bytes that are not JSON.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="random">The item's own random numbers.</param>
    /// <param name="isChecked">Whether a reader can detect changed bytes by size and hash.</param>
    public static string ChangeContent(DemoAnswer answer, Random random, bool isChecked)
    {
        switch (random.Next(isChecked ? 9 : 7))
        {
            case 0:
                answer.Body = [];
                return "200 without a byte";
            case 1:
                SetPage(answer);
                return "200 with a web page";
            case 2:
                answer.SetJson(
                    new JsonObject
                    {
                        ["error"] = new JsonObject { ["code"] = "UnknownError", ["message"] = "In place of a content." },
                    }
                );
                return "200 with an error";
            case 3 when answer.Body.Length > 1:
                answer.CutAfter = answer.Body.Length / 2;
                return "a line that is cut";
            case 7:
                answer.Body = answer.Body[..(answer.Body.Length / 2)];
                return "a part of it";
            case 8:
                // Different ones every time: content that arrives twice the same way may be right, and its hash wrong.
                var other = Interlocked.Increment(ref s_fresh);
                answer.Body = [.. answer.Body.Select((each, i) => (byte)(each + 1 + (i == 0 ? other % 200 : 0)))];
                return "other bytes";
            default:
                return Refuse(answer, random);
        }
    }

    private static void SetPage(DemoAnswer answer)
    {
        answer.ContentType = "text/html; charset=utf-8";
        answer.Body = Encoding.UTF8.GetBytes(
            "<!DOCTYPE html><html><head><title>Proxy</title></head><body>Bitte melden Sie sich an.</body></html>"
        );
    }

    private static void Order(JsonNode page, Action<List<JsonNode?>> change)
    {
        if (page["value"] is not JsonArray value)
            return;
        var entries = value.Select(entry => entry?.DeepClone()).ToList();
        change(entries);
        page["value"] = new JsonArray([.. entries]);
    }
}
