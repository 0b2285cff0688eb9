using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.DemoTenant.Generation;

/// <summary>Site collections with subsites, libraries, lists and pages, and what changes in them.</summary>
public sealed class SiteGenerator
{
    private static readonly string[] s_titles = ["Vertrieb", "Team Süd", "Geschäftsführung", "Projekt 4711", "Buchhaltung"];

    private readonly DemoTenantModel _tenant;
    private readonly GeneratorState _state;
    private readonly DriveGenerator _drives;

    internal SiteGenerator(DemoTenantModel tenant, GeneratorState state, DriveGenerator drives)
    {
        _tenant = tenant;
        _state = state;
        _drives = drives;
    }

    /// <summary>The root site, team sites of which the first has a subsite, and a personal site for every OneDrive.</summary>
    public void Fill()
    {
        if (_state.Sizes.Sites == 0)
            return;
        _tenant.Sites.Add(NewSite("Startseite", "", files: 2));
        for (var i = 1; i < _state.Sizes.Sites; i++)
        {
            var title = s_titles[(i - 1) % s_titles.Length] + (i > s_titles.Length ? $" {i}" : "");
            var site = NewSite(title, $"/{(i % 3 == 0 ? "teams" : "sites")}/{Address(title)}", _state.Sizes.FilesPerLibrary);
            if (i == 1)
            {
                site.Libraries.Add(NewLibrary("Verträge", _state.Sizes.FilesPerLibrary));
                site.Subsites.Add(NewSite("Messen", site.Path + "/messen", files: 2));
            }

            _tenant.Sites.Add(site);
        }

        foreach (var user in _tenant.Users.Where(user => user.Drive is not null))
            AddPersonal(user.Id, user.UserPrincipalName, user.DisplayName, user.Drive!);
    }

    /// <summary>The personal site of a OneDrive; it stays when the user is deleted.</summary>
    public void AddPersonal(string id, string userPrincipalName, string displayName, DemoDrive drive)
    {
        var site = new DemoSite
        {
            Id = SiteId("demo-my.sharepoint.example"),
            Title = displayName,
            Path = "/personal/" + new string([.. userPrincipalName.Select(sign => char.IsAsciiLetterOrDigit(sign) ? sign : '_')]),
            Host = "demo-my.sharepoint.example",
            Owner = (id, displayName),
        };
        site.Libraries.Add(drive);
        _tenant.Sites.Add(site);
    }

    public DemoDrive NewLibrary(string name, int files)
    {
        var drive = new DemoDrive(_tenant, "b!" + _state.Guid().Replace("-", "", StringComparison.Ordinal), name, "documentLibrary");
        _drives.Fill(drive, files);
        return drive;
    }

    /// <summary>Makes one random change somewhere in the team sites.</summary>
    public void Change()
    {
        var sites = _tenant.Sites.Where(site => site.Owner is null && !site.IsLocked).SelectMany(site => site.AndBelow).ToArray();
        if (sites.Length == 0)
            return;
        var site = _state.Pick(sites);
        _state.Now = _state.Now.AddMinutes(1);
        switch (_state.Random.Next(6))
        {
            case 0 or 1 or 2:
                _drives.Change(_state.Pick(site.Libraries));
                break;
            case 3:
                ChangeList(_state.Pick(site.Lists));
                break;
            case 4 when site.Libraries.Count > 1:
                site.Libraries[^1].Name = $"Bibliothek {_state.Random.Next(1000)}";
                break;
            default:
                ChangePages(site);
                break;
        }
    }

    private void ChangeList(DemoList list)
    {
        var items = list.Items.Values.ToArray();
        switch (items.Length == 0 ? 0 : _state.Random.Next(3))
        {
            case 0:
                SetFields(list.Add(_state.Now));
                break;
            case 1:
                var changed = _state.Pick(items);
                SetFields(changed);
                changed.Modified = _state.Now;
                list.Touch(changed);
                break;
            default:
                list.Delete(_state.Pick(items));
                break;
        }
    }

    private void ChangePages(DemoSite site)
    {
        switch (site.Pages.Count == 0 ? 0 : _state.Random.Next(3))
        {
            case 0:
                site.Pages.Add(NewPage($"Seite {_state.Random.Next(100_000)}.aspx"));
                break;
            case 1:
                var page = _state.Pick(site.Pages);
                page.Text = $"<p>Stand {_state.Random.Next()}</p>";
                page.Modified = _state.Now;
                page.Version++;
                break;
            default:
                site.Pages.Remove(_state.Pick(site.Pages));
                break;
        }
    }

    private DemoSite NewSite(string title, string path, int files)
    {
        var site = new DemoSite
        {
            Id = SiteId("demo.sharepoint.example"),
            Title = title,
            Path = path,
        };
        site.Libraries.Add(NewLibrary("Dokumente", files));
        var tasks = new DemoList(_tenant, _state.Guid(), "Aufgaben / Offen") { Columns = ["Title", "Fällig", "Betrag", "Erledigt"] };
        for (var i = 0; i < 5; i++)
            SetFields(tasks.Add(_state.Now));
        site.Lists.Add(tasks);
        site.Lists.Add(new DemoList(_tenant, _state.Guid(), "Leere Liste"));
        site.Pages.Add(NewPage("Startseite.aspx"));
        return site;
    }

    private DemoPage NewPage(string name) =>
        new()
        {
            Id = _state.Guid(),
            Name = name,
            Text = "<p>Willkommen & viel Erfolg</p>",
            Modified = _state.Now,
        };

    private void SetFields(DemoListItem item)
    {
        item.Fields["Title"] = _state.Pick((string[])["Angebot prüfen", "Rückruf: Müller", "A/B \"Test\"", ""]);
        item.Fields["Betrag"] = _state.Random.Next(100_000) / 100.0;
        item.Fields["Erledigt"] = _state.Random.Next(2) == 0;
    }

    private string SiteId(string host) => $"{host},{_state.Guid()},{_state.Guid()}";

    private static string Address(string title) => new([.. title.Where(sign => char.IsAsciiLetterOrDigit(sign))]);
}
