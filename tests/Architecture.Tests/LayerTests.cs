using Mono.Cecil;

namespace KlarKonform.Backup.Architecture;

/// <summary>The floors of docs/architecture.md: what is promised there is read from the assemblies here.</summary>
public sealed class LayerTests
{
    private const string Product = "KlarKonform.Backup.";

    public static TheoryData<string> Projects => [.. Floors.Projects.Select(project => project.Name)];

    public static TheoryData<string> ProjectsWithFloors => [.. Floors.Rooms.Keys];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_knows_only_the_projects_that_the_map_allows(string project)
    {
        using var module = Open(project);
        var allowed = Floors.Projects.Single(each => each.Name == project).Knows;
        var known = module
            .AssemblyReferences.Select(each => each.Name)
            .Where(name => name.StartsWith(Product, StringComparison.Ordinal))
            .Select(name => name[Product.Length..]);
        Assert.Empty(known.Except(allowed));
    }

    [Theory]
    [MemberData(nameof(ProjectsWithFloors))]
    public void A_room_knows_only_the_rooms_below_it(string project)
    {
        using var module = Open(project);
        var floors = Floors
            .Rooms[project]
            .SelectMany((rooms, floor) => rooms.Select((room, place) => (room, floor, place)))
            .ToDictionary(each => each.room, each => (each.floor, each.place));
        var wrong =
            from arrow in ArrowsOf(module)
            where floors[arrow.From].CompareTo(floors[arrow.To]) <= 0
            select $"{arrow.From}.{arrow.User} uses {arrow.To}.{arrow.Used}";
        Assert.Empty(wrong.Order());
    }

    [Theory]
    [MemberData(nameof(ProjectsWithFloors))]
    public void Every_room_is_on_the_map_and_the_map_shows_no_room_that_is_not_there(string project)
    {
        using var module = Open(project);
        var there = module.Types.Where(type => type.Namespace.StartsWith(Product, StringComparison.Ordinal)).Select(RoomOf).Distinct();
        Assert.Equal(there.Order(), Floors.Rooms[project].SelectMany(rooms => rooms).Order());
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void No_folders_know_each_other_in_a_circle(string project)
    {
        using var module = Open(project);
        var arrows = ArrowsOf(module);
        var knows = arrows.ToLookup(arrow => arrow.From, arrow => arrow.To);
        var circles =
            from arrow in arrows
            where Reach(arrow.To, knows).Contains(arrow.From)
            select $"{arrow.From}.{arrow.User} uses {arrow.To}.{arrow.Used}";
        Assert.Empty(circles.Order());
    }

    [Fact]
    public void Every_project_is_on_the_map()
    {
        var there = Directory
            .EnumerateFiles(AppContext.BaseDirectory, Product + "*.dll")
            .Select(file => Path.GetFileNameWithoutExtension(file)[Product.Length..]);
        Assert.Equal(there.Order(), Floors.Projects.Select(each => each.Name).Order());
    }

    private static ModuleDefinition Open(string project) =>
        ModuleDefinition.ReadModule(Path.Combine(AppContext.BaseDirectory, Product + project + ".dll"));

    private static List<(string From, string User, string To, string Used)> ArrowsOf(ModuleDefinition module) =>
        [
            .. from use in TypeUses.Of(module)
            where IsOurs(use.User) && IsOurs(use.Used)
            let arrow = (From: RoomOf(use.User), User: use.User.Name, To: RoomOf(use.Used), Used: use.Used.Name)
            where arrow.From != arrow.To
            select arrow,
        ];

    private static bool IsOurs(TypeDefinition type) => type.Namespace.StartsWith(Product.TrimEnd('.'), StringComparison.Ordinal);

    // The namespace without the project's: folders, as the build holds namespaces equal to folders. The root is a dot.
    private static string RoomOf(TypeDefinition type)
    {
        var project = type.Module.Assembly.Name.Name;
        return type.Namespace.Length > project.Length && type.Namespace.StartsWith(project, StringComparison.Ordinal)
            ? type.Namespace[(project.Length + 1)..]
            : ".";
    }

    private static HashSet<string> Reach(string from, ILookup<string, string> knows)
    {
        var (reached, open) = (new HashSet<string>(), new Stack<string>([from]));
        while (open.TryPop(out var room))
        {
            if (reached.Add(room))
            {
                foreach (var next in knows[room])
                    open.Push(next);
            }
        }

        return reached;
    }
}
