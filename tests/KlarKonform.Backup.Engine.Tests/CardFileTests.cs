using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>The vCards as vobject reads them.</summary>
public sealed class CardFileTests
{
    [Fact]
    public async Task Contacts_and_groups_read_as_they_were_written()
    {
        PythonReader.Require();
        await using var scenario = await BackupScenario.StartAsync(
            new TenantSizes
            {
                Users = 2,
                MailsPerUser = 0,
                FilesPerUser = 0,
                ContactsPerUser = 40,
            },
            sources: new SourceSettings { Contacts = new SourceSelection(), Directory = new DirectorySettings() }
        );
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        using var target = new TemporaryFolder();
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
        var model = scenario.Tenant.Model;
        var user = model.Users[0];
        var cards = PythonReader.Read(
            "read_cards.py",
            Directory.EnumerateFiles(target["Exchange", user.UserPrincipalName, "Contacts"], "*.vcf", SearchOption.AllDirectories)
        );
        Assert.All(cards, card => Assert.Equal("4.0", card.GetProperty("version").GetString()));
        Assert.Equal(
            user.Mailbox!.Contacts.Values.Select(contact =>
                    (
                        $"{contact.GivenName} {contact.Surname}".Trim(),
                        contact.Surname,
                        contact.Notes.ReplaceLineEndings("\n"),
                        contact.PhotoSeed is not null,
                        contact.Phone
                    )
                )
                .Order(),
            cards
                .Select(card =>
                    (
                        card.GetProperty("name").GetString()!,
                        card.GetProperty("family").GetString()!,
                        card.GetProperty("note").GetString()!,
                        card.GetProperty("photo").GetBoolean(),
                        card.GetProperty("phones")[0].GetString()!
                    )
                )
                .Order()
        );

        var groups = PythonReader.Read("read_cards.py", Directory.EnumerateFiles(target["Directory", "Groups"], "*.vcf"));
        Assert.Equal(
            model
                .Groups.Values.Select(group =>
                    $"{group.DisplayName}: "
                    + $"{string.Join(' ', group.Members.Order(StringComparer.Ordinal).Select(member => "urn:uuid:" + member))}"
                )
                .Order(StringComparer.Ordinal),
            groups
                .Select(card =>
                    $"{card.GetProperty("name").GetString()}: "
                    + $"{string.Join(' ', card.GetProperty("members").EnumerateArray().Select(member => member.GetString()))}"
                )
                .Order(StringComparer.Ordinal)
        );
    }
}
