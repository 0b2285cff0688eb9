using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.DemoTenant.Generation;

/// <summary>Personal contacts in the default folder and in folders below it.</summary>
public sealed class ContactGenerator
{
    private static readonly string[] s_given = ["Zoë", "Jürgen", "Ana-María", "李", ""];
    private static readonly string[] s_surnames = ["Müller", "O'Neill", "Öztürk, Dr.", "d'Artagnan; jun.", "\\Backslash"];

    private readonly GeneratorState _state;

    internal ContactGenerator(GeneratorState state) => _state = state;

    public void Fill(DemoUser user)
    {
        var mailbox = user.Mailbox!;
        var main = mailbox.AddContactFolder(_state.Id("AQCon"), _state.Id("AQMk"), "Kontakte");
        mailbox.DefaultContactFolder = main.Id;
        var customers = mailbox.AddContactFolder(_state.Id("AQCon"), main.Id, "Kunden/Alt");
        mailbox.AddContactFolder(_state.Id("AQCon"), customers.Id, "Leer");
        for (var i = 0; i < _state.Sizes.ContactsPerUser; i++)
            Add(user);
    }

    public DemoContact Add(DemoUser user)
    {
        var mailbox = user.Mailbox!;
        var contact = new DemoContact
        {
            Id = _state.Id("AAkCon"),
            FolderId = _state.Pick(mailbox.ContactFolders.Values.Take(2).ToArray()).Id,
            GivenName = _state.Pick(s_given),
            Surname = _state.Pick(s_surnames),
            Company = "Beispiel & Söhne GmbH",
            Notes = _state.Random.Next(2) == 0 ? "" : "Zeile 1\r\nZeile 2, mit Komma; und \\ Zeichen " + new string('ß', 60),
            Phone = $"+49 30 {_state.Random.Next(100_000, 999_999)}",
            Birthday = _state.Random.Next(2) == 0 ? new DateOnly(1970, 1, 1).AddDays(_state.Random.Next(10_000)) : null,
            PhotoSeed = _state.Random.Next(3) == 0 ? _state.Random.NextInt64() : null,
        };
        mailbox.Add(contact);
        return contact;
    }

    public void Change(DemoUser user)
    {
        var mailbox = user.Mailbox!;
        var contacts = mailbox.Contacts.Values.ToArray();
        switch (contacts.Length == 0 ? 0 : _state.Random.Next(6))
        {
            case 0:
                Add(user);
                break;
            case 1:
                var renamed = _state.Pick(contacts);
                renamed.Surname = "Neu " + _state.Random.Next(1000);
                mailbox.Touch(renamed);
                break;
            case 2:
                var pictured = _state.Pick(contacts);
                pictured.PhotoSeed = pictured.PhotoSeed is null ? _state.Random.NextInt64() : null;
                mailbox.Touch(pictured);
                break;
            case 3:
                mailbox.Delete(_state.Pick(contacts));
                break;
            case 4:
                var moved = _state.Pick(contacts);
                mailbox.Move(moved, _state.Pick(mailbox.ContactFolders.Values.ToArray()));
                break;
            default:
                mailbox.RenameContactFolder(
                    _state.Pick(mailbox.ContactFolders.Values.Where(folder => folder.Id != mailbox.DefaultContactFolder).ToArray()),
                    $"Gruppe {_state.Random.Next(1000)}"
                );
                break;
        }
    }
}
