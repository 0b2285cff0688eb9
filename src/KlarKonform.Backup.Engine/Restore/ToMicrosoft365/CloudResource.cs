using KlarKonform.Backup.Engine.Browsing;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots;

namespace KlarKonform.Backup.Engine.Restore.ToMicrosoft365;

/// <summary>A resource of a snapshot whose items are restored.</summary>
/// <param name="Kind">Mail, Calendar, Contacts, OneDrive, SharePoint; another kind cannot be restored to Microsoft 365.</param>
/// <param name="Name">The user's or site's name in the snapshot.</param>
/// <param name="Id">The user's directory id or the site's, or the name if the snapshot does not record an id.</param>
/// <param name="Depth">Number of path entries that make up the resource.</param>
internal sealed record CloudResource(string Kind, string Name, string Id, int Depth)
{
    /// <summary>The resource that an entry belongs to.</summary>
    public static CloudResource Of(SnapshotEntry entry, RunManifest? manifest)
    {
        string[] chain = [.. entry.Chain().Select(each => each.Node.Name)];
        var place = SnapshotLayout.PlaceOf(chain);
        var path = chain.Take(place.Depth).ToArray();
        var known = manifest?.Resources.FirstOrDefault(each => each.Path.SequenceEqual(path));
        var name = path.Length > 1 ? path[1] : path[0];
        return new CloudResource(place.Kind.Length > 0 ? place.Kind : path[0], known?.Name ?? name, known?.Id ?? name, place.Depth);
    }

    /// <summary>
    /// An item with the folders between the resource and it; the folders in which we keep deleted items do not exist at the source and are
    /// left out.
    /// </summary>
    public RestoreItem ItemOf(SnapshotEntry entry)
    {
        var folders = new List<RestoreFolder>();
        var above = entry.Chain().Skip(Depth).SkipLast(1).ToArray();
        var deleted = above.Length > 0 && SnapshotBrowser.IsDeletedFolder(above[0]);
        foreach (var each in above.Skip(deleted ? 2 : 0))
        {
            using var metadata = StoredJson.Metadata(each.Node);
            if (metadata is not null)
            {
                var (root, graph) = (metadata.RootElement, metadata.RootElement.Object("graph"));
                var name =
                    graph.Text("displayName") is { Length: > 0 } display && root.Text("type") != "drive" ? display
                    : graph.Text("name") is { Length: > 0 } plain ? plain
                    : each.Node.Name;
                folders.Add(new RestoreFolder(root.Text("id"), name, root.Text("type")));
            }
            else if (!IsOfOurMaking(each.Node.Name))
            {
                // The folder of a deleted item, of which only the path is kept.
                folders.Add(new RestoreFolder("", each.Node.Name, ""));
            }
        }

        return new RestoreItem(entry, folders);
    }

    // Mail is stored in months, events in years.
    private bool IsOfOurMaking(string name) =>
        (Kind == ResourceKinds.Mail && name.Length == 7 && name[4] == '-' && name.Where((_, i) => i != 4).All(char.IsAsciiDigit))
        || (Kind == ResourceKinds.Calendar && name.Length == 4 && name.All(char.IsAsciiDigit));
}
