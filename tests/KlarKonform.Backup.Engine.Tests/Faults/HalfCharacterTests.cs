using System.Text.Json;
using System.Text.Json.Nodes;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using static KlarKonform.Backup.Engine.Tests.Faults.OddTenant;

namespace KlarKonform.Backup.Engine.Tests.Faults;

/// <summary>Texts that were cut in the middle of a character, in every kind of item.</summary>
public sealed class HalfCharacterTests
{
    [Fact]
    public async Task Half_a_surrogate_pair_in_any_text_of_an_item_of_every_kind_costs_nothing_but_that_character()
    {
        await using var scenario = await StartAsync();
        var (user, mailbox) = (scenario.User(), scenario.Mailbox());
        var site = scenario.Tenant.Model.Sites.First(each => each.Subsites.Count > 0);
        var list = site.Lists.First(each => each.Items.Count > 0);
        var odd = new HashSet<string>
        {
            user.Id,
            mailbox.Messages.Keys.First(),
            mailbox.Events.Keys.First(),
            mailbox.Events.Values.First(each => each.Recurrence is not null).Id,
            mailbox.Contacts.Keys.First(),
            mailbox.Folders.Values.First(each => each.Name == "Leerer Ordner").Id,
            mailbox.Calendars.Keys.Last(),
            mailbox.ContactFolders.Keys.Last(),
            user.Drive!.Items.Values.First(each => !each.IsFolder).Id,
            user.Drive.Items.Values.First(each => each.IsFolder && each.ParentId is not null).Id,
            site.Libraries[0].Items.Values.First(each => !each.IsFolder).Id,
            site.Pages[0].Id,
            scenario.Tenant.Model.OrgContacts.Keys.First(),
            scenario.Tenant.Model.Groups.Keys.First(),
        };
        scenario.Tenant.ChangeAnswers(answer =>
            answer.ChangeEntries(entry =>
            {
                if (
                    entry["id"] is { } id
                    && (odd.Contains(id.ToString()) || (answer.Path.Contains(list.Id, StringComparison.Ordinal) && id.ToString() == "1"))
                )
                    Cut(entry);
            })
        );
        var run = await scenario.RunAsync();
        Assert.True(run.Status is BackupState.Succeeded or BackupState.Partial, run.Error);
        Assert.Equal(
            "",
            string.Join(
                '\n',
                run.RetryList.Where(failure => !failure.IsStored)
                    .Select(failure => $"{failure.Kind} {failure.Name}: {failure.Level} {failure.Code}: {failure.Message}")
            )
        );
        var stored = (await StoredItem.ReadAllAsync(scenario.Folder["repository"], BackupScenario.Password))
            .Select(each => each.Id[(each.Id.LastIndexOfAny(['/', ':']) + 1)..])
            .ToHashSet();
        Assert.Equal("", string.Join(", ", odd.Where(id => !stored.Contains(id))));
        await scenario.AssertHealsAsync();
    }

    [Fact]
    public async Task A_preview_a_subject_and_a_file_name_that_end_in_half_a_character_are_stored_with_a_replacement()
    {
        await using var scenario = await StartAsync();
        var (mail, appointment, file) = (
            scenario.Mailbox().Messages.Values.First(),
            scenario.Mailbox().Events.Values.First(),
            scenario.User().Drive!.Items.Values.First(each => !each.IsFolder)
        );
        scenario.Tenant.ChangeAnswers(answer =>
        {
            answer.ChangeEntry(mail.Id, each => each["subject"] = "Angebot " + DemoAnswer.HalfSurrogate);
            answer.ChangeEntry(appointment.Id, each => each["bodyPreview"] = "Vorschau " + DemoAnswer.HalfSurrogate);
            answer.ChangeEntry(file.Id, each => each["name"] = "Kalkulation " + DemoAnswer.HalfSurrogate);
        });
        var run = await scenario.RunAsync();
        Assert.True(run.Status is BackupState.Succeeded or BackupState.Partial, run.Error);
        Assert.Equal(
            "",
            string.Join(
                '\n',
                run.RetryList.Where(failure => !failure.IsStored)
                    .Select(failure =>
                        $"{failure.Kind} {failure.Name}: {failure.Level} {failure.Code}: {failure.Message} {failure.Details}"
                    )
            )
        );
        var stored = await StoredItem.ReadAllAsync(scenario.Folder["repository"], BackupScenario.Password);
        Assert.Equal("Angebot \uFFFD", stored.Single(each => each.Id == mail.Id).Properties.GetProperty("subject").GetString());
        Assert.Equal("Kalkulation \uFFFD", stored.Single(each => each.Id == file.Id).Properties.GetProperty("name").GetString());
        Assert.Contains(stored, each => each.Id == appointment.Id);
        await scenario.AssertHealsAsync();
    }

    // Every text with content, wherever it is; what identifies things and says where they are stays.
    private static void Cut(JsonObject item)
    {
        foreach (var (name, value) in item.ToArray())
        {
            if (
                name.StartsWith('@')
                || name.EndsWith("id", StringComparison.OrdinalIgnoreCase)
                || name is "eTag" or "changeKey" or "parentReference" or "type" or "template" or "userPrincipalName" or "webUrl"
            )
                continue;
            if (value is JsonObject inner)
                Cut(inner);
            else if (value is JsonArray array)
                CutAll(array);
            else if (value?.GetValueKind() == JsonValueKind.String && !IsTime(value.ToString()))
                item[name] = value + DemoAnswer.HalfSurrogate;
        }
    }

    private static void CutAll(JsonArray array)
    {
        for (var i = 0; i < array.Count; i++)
        {
            if (array[i] is JsonObject item)
                Cut(item);
            else if (array[i]?.GetValueKind() == JsonValueKind.String && !array[i]!.ToString().StartsWith("OID.", StringComparison.Ordinal))
                array[i] = array[i] + DemoAnswer.HalfSurrogate;
        }
    }

    private static bool IsTime(string text) => text.Length >= 10 && char.IsAsciiDigit(text[0]) && text[4] == '-';
}
