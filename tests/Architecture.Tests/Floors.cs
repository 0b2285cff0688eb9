namespace KlarKonform.Backup.Architecture;

/// <summary>The map of docs/architecture.md.</summary>
internal static class Floors
{
    /// <summary>The projects, each with those that it may know.</summary>
    public static IReadOnlyList<(string Name, string[] Knows)> Projects { get; } =
    [
        ("Abstractions", []),
        ("Http", []),
        ("Storage", ["Http"]),
        ("Graph", ["Http"]),
        ("Repository", ["Storage"]),
        ("WhatsApp", ["Http", "Storage"]),
        ("Engine", ["Abstractions", "Graph", "Http", "Repository", "Storage", "WhatsApp"]),
        ("Cmdlets", ["Abstractions"]),
        ("DemoTenant", []),
    ];

    /// <summary>
    /// The rooms of a project, from the ground up. A room knows those before it, on its floor or a lower one, and none behind it. The name
    /// is
    /// the namespace below the project's own, which is the folder; the dot is the root.
    /// </summary>
    public static IReadOnlyDictionary<string, string[][]> Rooms { get; } =
        new Dictionary<string, string[][]>
        {
            ["Repository"] =
            [
                ["Format", "Json", "Chunking"],
                ["Crypto", "Snapshots", "Trees", "Packs", "Keys", "Index", "Locks.Files"],
                ["."],
                ["Locks", "Reading", "Retention"],
                ["Writing", "Restoring", "Checking"],
                ["Repairing", "Pruning"],
            ],
            ["Engine"] =
            [
                ["Formats", "Formats.Chats", "Configuration", "Connections", "Errors"],
                ["Snapshots", "Snapshots.Trees", "Snapshots.Items", "Journal", "Notifications", "Receiver"],
                [
                    "Sources.Shapes",
                    "Sources.Resources",
                    "Sources.Mailboxes",
                    "Sources.Drives",
                    "Sources.SharePoint",
                    "Sources.WhatsApp.Locations",
                    "Sources.WhatsApp.Archive",
                    "Sources.WhatsApp.Exports",
                    "Sources.WhatsApp",
                    "Sources",
                ],
                ["Browsing", "Browsing.Search", "Scheduling"],
                [
                    "Retention.Audit",
                    "Retention.Holds",
                    "Retention",
                    "Retention.Maintenance",
                    "Checks",
                    "Restore",
                    "Restore.ToFolder",
                    "Restore.ToMicrosoft365",
                ],
                ["Runs.Progress", "Runs.Verification", "Runs.Checkpoints", "Runs.Batches", "Runs.Sharding", "Runs", "Reporting"],
                ["."],
            ],
        };
}
