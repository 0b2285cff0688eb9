using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.DemoTenant.Generation;

/// <summary>The address book apart from the users: organisational contacts, groups with members.</summary>
public sealed class DirectoryGenerator
{
    private readonly GeneratorState _state;

    internal DirectoryGenerator(GeneratorState state) => _state = state;

    public void Fill()
    {
        var tenant = _state.Tenant;
        foreach (var user in tenant.Users)
        {
            user.Department = _state.Pick<string>(["Einkauf", "IT", "Vertrieb"]);
            user.Phone = $"+49 89 {_state.Random.Next(1000, 9999)}";
            user.PhotoSeed = _state.Random.Next(2) == 0 ? _state.Random.NextInt64() : null;
            tenant.UserChanges.Add(tenant.NextSequence(), user.Id);
        }

        for (var i = 0; i < 3; i++)
            AddContact();
        foreach (var kind in (string[])["distribution", "unified", "security"])
        {
            var group = new DemoGroup
            {
                Id = _state.Guid(),
                DisplayName = "Gruppe " + kind,
                Mail = kind + "@demo.example",
                Kind = kind,
            };
            tenant.Groups.Add(group.Id, group);
            tenant.GroupChanges.Add(tenant.NextSequence(), group.Id);
            foreach (var user in tenant.Users)
                Toggle(group, user.Id);
        }
    }

    public void Change()
    {
        var tenant = _state.Tenant;
        switch (_state.Random.Next(5))
        {
            case 0:
                AddContact();
                break;
            case 1 when tenant.OrgContacts.Count > 0:
                var gone = _state.Pick(tenant.OrgContacts.Keys.ToArray());
                tenant.OrgContacts.Remove(gone);
                tenant.OrgContactChanges.Add(tenant.NextSequence(), gone);
                break;
            case 2:
                Toggle(_state.Pick(tenant.Groups.Values.ToArray()), _state.Pick(tenant.Users).Id);
                break;
            case 3:
                var group = _state.Pick(tenant.Groups.Values.ToArray());
                group.DisplayName = $"Gruppe {_state.Random.Next(1000)}";
                tenant.GroupChanges.Add(tenant.NextSequence(), group.Id);
                break;
            default:
                var user = _state.Pick(tenant.Users);
                user.Department = $"Abteilung {_state.Random.Next(1000)}";
                user.PhotoSeed = _state.Random.NextInt64();
                tenant.UserChanges.Add(tenant.NextSequence(), user.Id);
                break;
        }
    }

    /// <summary>Adds a user to a group, or removes the user from it.</summary>
    public void Toggle(DemoGroup group, string member)
    {
        if (!group.Members.Remove(member))
            group.Members.Add(member);
        var now = _state.Tenant.NextSequence();
        group.MemberChanges.Add((now, member));
        _state.Tenant.GroupChanges.Add(now, group.Id);
    }

    private void AddContact()
    {
        var contact = new DemoOrgContact
        {
            Id = _state.Guid(),
            DisplayName = $"Lieferant {_state.Random.Next(1000)}: Süd/West",
            Mail = $"lieferant{_state.Random.Next(1000)}@partner.example",
            Company = "Partner AG",
        };
        _state.Tenant.OrgContacts.Add(contact.Id, contact);
        _state.Tenant.OrgContactChanges.Add(_state.Tenant.NextSequence(), contact.Id);
    }
}
