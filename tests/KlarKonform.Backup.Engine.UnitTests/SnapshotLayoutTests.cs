using KlarKonform.Backup.Engine.Snapshots;

namespace KlarKonform.Backup.Engine.UnitTests;

public sealed class SnapshotLayoutTests
{
    public static TheoryData<string> Kinds => ["Mail", "Calendar", "Contacts", "Directory", "OneDrive", "SharePoint", "WhatsApp"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_place_of_a_resource_is_where_its_content_is_stored(string kind)
    {
        var path = SnapshotLayout.ContentPath(kind, "anna@demo.example");
        var place = SnapshotLayout.PlaceOf(path);
        Assert.Equal((kind, path.Length), (place.Kind, place.Depth));
        Assert.Equal(path.Contains("anna@demo.example") ? "anna@demo.example" : "", place.Name);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_is_below_a_resource_belongs_to_it(string kind)
    {
        var path = SnapshotLayout.ContentPath(kind, "anna@demo.example");
        Assert.Equal(
            SnapshotLayout.PlaceOf(path) with
            {
                Name = "",
            },
            SnapshotLayout.PlaceOf([.. path, "Folder", "item.eml"]) with
            {
                Name = "",
            }
        );
    }

    [Theory]
    [InlineData("Exchange", "", "")]
    [InlineData("Exchange/anna@demo.example", "", "anna@demo.example")]
    [InlineData("OneDrive", "OneDrive", "")]
    [InlineData("WhatsApp/+49 30 1234567", "WhatsApp", "+49 30 1234567")]
    [InlineData("Other/folder", "Other", "")]
    public void A_path_that_is_too_short_tells_as_much_as_it_can(string path, string kind, string name)
    {
        var place = SnapshotLayout.PlaceOf(path.Split('/'));
        Assert.Equal((kind, name), (place.Kind, place.Name));
    }

    [Fact]
    public void Words_that_are_stored_stay_as_they_are()
    {
        Assert.Equal([".klarkonform", "resources", "Mail-1"], SnapshotLayout.StatePath("Mail", "1"));
        Assert.Equal("manifest.json", SnapshotLayout.ManifestFile);
        Assert.Equal(
            ("config:", "run:", "status:", "checkpoint", "files:", "written:"),
            (
                SnapshotTags.Configuration,
                SnapshotTags.Run,
                SnapshotTags.Status,
                SnapshotTags.Checkpoint,
                SnapshotTags.Files,
                SnapshotTags.Written
            )
        );
    }
}
