using System.Text.Json.Nodes;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.DemoTenant.Model;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Engine.Tests.Faults;

/// <summary>Tenants whose Graph answers a little differently, and what a run must result in.</summary>
internal static class OddTenant
{
    /// <summary>A small tenant; pauses between attempts end at once.</summary>
    public static Task<BackupScenario> StartAsync(
        SourceSettings? sources = null,
        TenantSizes? sizes = null,
        DemoTenantOptions? options = null
    ) =>
        BackupScenario.StartAsync(
            sizes
                ?? new TenantSizes
                {
                    Users = 2,
                    MailsPerUser = 12,
                    FilesPerUser = 8,
                    EventsPerUser = 6,
                    ContactsPerUser = 6,
                    FilesPerLibrary = 4,
                    Sites = 2,
                    MaxFileBytes = 20_000,
                    MaxAttachmentBytes = 5_000,
                },
            options ?? new DemoTenantOptions { SharePointUnitsPerMinute = 100_000 },
            sources ?? BackupScenario.Everything,
            new BriskTime(400)
        );

    /// <summary>Only mail.</summary>
    public static SourceSettings Mail => new() { Mail = new MailSelection() };

    /// <summary>Only calendars.</summary>
    public static SourceSettings Calendar => new() { Calendar = new SourceSelection() };

    /// <summary>Only OneDrive.</summary>
    public static SourceSettings OneDrive => new() { OneDrive = new DriveSelection() };

    /// <summary>Only SharePoint.</summary>
    public static SourceSettings SharePoint => new() { SharePoint = new DriveSelection() };

    public static DemoUser User(this BackupScenario scenario) => scenario.Tenant.Model.Users[0];

    public static DemoMailbox Mailbox(this BackupScenario scenario) => scenario.User().Mailbox!;

    /// <summary>The entries of a page, or the item itself.</summary>
    public static void ChangeEntries(this DemoAnswer answer, Action<JsonObject> change) =>
        answer.ChangeJson(json =>
        {
            if (json is JsonObject page && page["value"] is JsonArray entries)
            {
                foreach (var entry in entries.OfType<JsonObject>().ToArray())
                    change(entry);
            }
            else if (json is JsonObject item && item.ContainsKey("id"))
            {
                change(item);
            }
        });

    /// <summary>The entry with this id, wherever it is shown.</summary>
    public static void ChangeEntry(this DemoAnswer answer, string id, Action<JsonObject> change) =>
        answer.ChangeEntries(entry =>
        {
            if (entry["id"]?.ToString() == id)
                change(entry);
        });

    /// <summary>Whether a page or an answer concerns an item.</summary>
    public static bool Shows(this DemoAnswer answer, string id)
    {
        var found = false;
        answer.ChangeEntry(id, _ => found = true);
        return found;
    }

    public static int EntryCount(this DemoAnswer answer)
    {
        var count = 0;
        answer.ChangeEntries(_ => count++);
        return count;
    }

    /// <summary>Once the answers are right again, a run makes the snapshot equal to the tenant.</summary>
    public static async Task AssertHealsAsync(this BackupScenario scenario)
    {
        scenario.Tenant.ChangeAnswers(null);
        var run = await scenario.RunAsync();
        Assert.Equal("", string.Join('\n', run.RetryList.Select(each => $"{each.Kind} {each.Name}: {each.Code}: {each.Message}")));
        Assert.Equal(BackupState.Succeeded, run.Status);
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    /// <summary>Asserts that a run ended Partial with one failure.</summary>
    public static ItemFailure AssertOneFailure(BackupRun run, FailureLevel level)
    {
        Assert.Equal(BackupState.Partial, run.Status);
        var failure = Assert.Single(run.RetryList);
        Assert.Equal(level, failure.Level);
        return failure;
    }

    /// <summary>Names of everything in the newest snapshot.</summary>
    public static string[] Names(this BackupScenario scenario) =>
        [
            .. scenario
                .Restic.Run("ls", "latest")
                .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Where(line => line.StartsWith('/')),
        ];

    /// <summary>The newest snapshot, restored.</summary>
    public static async Task<TemporaryFolder> RestoreAsync(this BackupScenario scenario)
    {
        var target = new TemporaryFolder();
        await foreach (
            var item in scenario.Engine.RestoreAsync(
                "Test",
                new RestoreRequest { Paths = ["/"], Destination = target.Path },
                scenario,
                scenario,
                default
            )
        )
            Assert.Equal("Restored", item.Status);
        return target;
    }

    /// <summary>The restored files whose path contains a word.</summary>
    public static string[] Find(this TemporaryFolder restored, string word) =>
        [
            .. Directory
                .EnumerateFiles(restored.Path, "*", SearchOption.AllDirectories)
                .Where(file => file.Contains(word, StringComparison.Ordinal))
                .Order(StringComparer.Ordinal),
        ];

    /// <summary>An event in a user's first calendar.</summary>
    public static DemoEvent AddEvent(
        this DemoMailbox mailbox,
        string subject,
        DateTime start,
        DateTime end,
        string zone = "W. Europe Standard Time",
        DemoRecurrence? recurrence = null,
        IReadOnlyList<DemoAttachment>? attachments = null,
        bool isAllDay = false
    )
    {
        var added = new DemoEvent
        {
            Id = $"AAkEvtOdd{mailbox.Events.Count:D6}",
            CalendarId = mailbox.Calendars.Keys.First(),
            Subject = subject,
            Start = start,
            End = end,
            Zone = zone,
            Recurrence = recurrence,
            Attachments = attachments ?? [],
            IsAllDay = isAllDay,
        };
        mailbox.Events.Add(added.Id, added);
        return added;
    }
}
