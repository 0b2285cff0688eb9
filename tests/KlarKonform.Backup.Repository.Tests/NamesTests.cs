using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Json;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Repository.Tests;

/// <summary>Names are escaped by tables of our own, so that a tree is the same tree whatever runtime writes it.</summary>
public sealed class NamesTests : IDisposable
{
    private const string Password = "names";
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Versions => Peers.Versions;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_code_point_is_judged_as_in_Unicode_15_whatever_the_runtime_knows()
    {
        var printable = IsPrintable();
        for (var point = 0; point < printable.Length; point++)
        {
            var isRuntimes =
                point == ' '
                || CharUnicodeInfo.GetUnicodeCategory(point)
                    is not (
                        UnicodeCategory.Control
                        or UnicodeCategory.Format
                        or UnicodeCategory.Surrogate
                        or UnicodeCategory.PrivateUse
                        or UnicodeCategory.OtherNotAssigned
                        or UnicodeCategory.SpaceSeparator
                        or UnicodeCategory.LineSeparator
                        or UnicodeCategory.ParagraphSeparator
                    );

            // .NET 8 uses Unicode 15.0; a newer runtime knows more, and takes nothing back.
            if (Environment.Version.Major == 8 ? printable[point] != isRuntimes : printable[point] && !isRuntimes)
                Assert.Fail($"U+{point:X4}: {printable[point]}, by the runtime {isRuntimes}");
        }

        // Unicode 15.0 has 149,186 characters; 170 of them are for formatting, two separate lines and paragraphs, 16 are spaces other than
        // U+0020.
        Assert.Equal(149_186 - 170 - 2 - 16, printable.Count(each => each));
    }

    [Theory]
    [InlineData("\u1C89", "\\u1c89")] // Unicode 16.
    [InlineData("\U0002EBF0", "\\U0002ebf0")] // Unicode 15.1.
    [InlineData("\U0001FAE8", "\U0001FAE8")] // Unicode 15.0.
    [InlineData("\u00A0\u00AD\u200B\uE000\uFFFF", "\\u00a0\\u00ad\\u200b\\ue000\\uffff")]
    [InlineData("a\u0301\u20AC", "a\u0301\u20AC")]
    public void Characters_that_restic_does_not_know_are_escaped(string name, string quoted) => Assert.Equal([quoted], Quoted([name]));

    [Theory]
    [InlineData("0.18")]
    [InlineData("0.19")]
    public async Task Names_on_both_sides_of_every_change_of_the_table_are_escaped_as_restic_escapes_them(string version)
    {
        var printable = IsPrintable();
        int[] points =
        [
            .. Enumerable
                .Range(2, printable.Length - 2)
                .Where(point => printable[point] != printable[point - 1])
                .SelectMany(point => new[] { point - 1, point })
                .Where(Rune.IsValid)
                .Except(['/'])
                .Distinct(),
            1,
            '\\',
            '"',
            '\'',
            0x2028,
            0x2029,
            0x10FFFF,
        ];
        Assert.InRange(points.Length, 2_000, 3_000);
        Directory.CreateDirectory(_folder["source"]);
        foreach (var name in points.Chunk(60))
            await File.WriteAllTextAsync(Path.Combine(_folder["source"], string.Concat(name.Select(point => new Rune(point)))), "");
        var (json, nodes) = (await BackUpAsync(version))[^1];
        Assert.Equal((points.Length + 59) / 60, nodes.Count);
        Assert.Equal(NamesIn(json), Quoted(nodes.Select(node => node.Name)));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Trees_of_every_restic_are_written_back_byte_for_byte_whatever_their_names_are(string version)
    {
        Directory.CreateDirectory(_folder["source", "sub"]);
        foreach (
            var name in (string[])
                [
                    "a <b> & \"c\" \\ \u00A0 é \u0001.txt",
                    "\u2028 😀 \uFFFD",
                    "\U0001FAE8 of Unicode 15",
                    "\u0870 of Unicode 14",
                    "\u1C89 of Unicode 16",
                    "del \u007f",
                    "'single'",
                ]
        )
            await File.WriteAllTextAsync(Path.Combine(_folder["source", "sub"], name), name);

        // Names and links that are not UTF-8, and times before and after those that .NET supports.
        Shell(
            "touch \"$(printf 'caf\\351')\" \"$(printf '\\377\\376')\"; ln -s \"$(printf 'nach \\351\\b\\f')\" link; ln -s "
                + "'to <&> \"x\" ä' other; touch -d '1601-01-01' old; mkfifo fifo",
            _folder["source", "sub"]
        );
        var trees = await BackUpAsync(version);
        Shell("rm -rf sub", _folder["source"]); // .NET cannot name what is not UTF-8.
        foreach (var (json, nodes) in trees)
        {
            var again = new ArrayBufferWriter<byte>();
            TreeJson.Write(again, nodes);
            Assert.Equal(Encoding.UTF8.GetString(json), Encoding.UTF8.GetString(again.WrittenSpan));
            Assert.Equal(json, again.WrittenSpan.ToArray());
        }
    }

    [Fact]
    public void What_a_newer_program_writes_is_kept_when_a_tree_is_written_back_and_when_the_node_is_changed()
    {
        const string first =
            """{"name":"a","type":"file","mtime":"0000-06-01T00:00:00Z","atime":"9999-12-31T23:59:59.999999999-23:00","ctime":"0001-"""
            + """01-01T00:00:00.5+01:00","uid":0,"gid":0,"content":null,"birth":"2030-01-01T00:00:00Z","more":{"x":[1,{"y":null}]}}""";
        const string second =
            """{"name":"caf\\xe9","type":"file","mtime":"2026-01-01T00:00:00Z","atime":"2026-01-01T00:00:00Z","ctime":"2026-01-01T"""
            + """00:00:00Z","uid":0,"gid":0,"links":1,"content":[]}""";
        const string third =
            """{"name":"x","type":"symlink","mtime":"2026-01-01T00:00:00Z","atime":"2026-01-01T00:00:00Z","ctime":"2026-01-01T"""
            + """00:00:00Z","uid":0,"gid":0,"linktarget":"\ufffd","linktarget_raw":"/w==","content":null,"error":"\u0008"}""";
        const string fourth =
            """{"name":"y","type":"file","mode":438,"mtime":"2026-01-01T00:00:00Z","atime":"2026-01-01T00:00:00Z","ctime":"2026-01-"""
            + """01T00:00:00Z","uid":0,"gid":0,"extended_attributes":[{"name":"a","value":"AA=="},{"name":"b","value":"""
            + """null}],"generic_attributes":"""
            + """{"windows.creation_time":"2Q==","windows.file_attributes":32,"windows.security_descriptor":{"x":"""
            + """[1]}},"content":null}""";
        var json = "{\"nodes\":[" + string.Join(',', first, second, third, fourth) + "]}\n";
        var nodes = TreeJson.Read(Encoding.UTF8.GetBytes(json));
        Assert.Equal(json, Write(nodes));
        Assert.Equal((DateTimeOffset.MinValue, "x"), (nodes[0].ModTime.Moment, nodes[2].Name));

        // A changed node is ours, and the additional fields of another program stay.
        var renamed = Write([
            nodes[0] with
            {
                Name = "b",
                ModTime = NanoTime.Parse("2026-01-01T00:00:00Z"),
                AccessTime = NanoTime.Parse("2026-01-01T00:00:00Z"),
                ChangeTime = NanoTime.Parse("2026-01-01T00:00:00Z"),
            },
        ]);
        Assert.Equal(
            """{"nodes":[{"name":"b","type":"file","mtime":"2026-01-01T00:00:00Z","atime":"2026-01-01T00:00:00Z","ctime":"2026-01-01T"""
                + """00:00:00Z","uid":0,"gid":0,"content":null,"birth":"2030-01-01T00:00:00Z","more":{"x":[1,{"y":null}]}}]}"""
                + "\n",
            renamed
        );
        Assert.Equal(renamed, Write(TreeJson.Read(Encoding.UTF8.GetBytes(renamed))));
    }

    // By escaping a name of that one character; what is not a character at all stays false.
    private static bool[] IsPrintable()
    {
        var printable = new bool[0x110000];
        var points = Enumerable.Range(0, printable.Length).Where(Rune.IsValid).Except(['\\', '"']).ToArray();
        foreach (var (point, quoted) in points.Zip(Quoted(points.Select(point => new Rune(point).ToString()))))
            printable[point] = quoted == new Rune(point).ToString();
        printable['\\'] = printable['"'] = true; // Escaped for another reason.
        return printable;
    }

    private static List<string> Quoted(IEnumerable<string> names) =>
        NamesIn(Encoding.UTF8.GetBytes(Write(names.Select(name => Node.NewFile(name, 0, [], DateTimeOffset.UnixEpoch)))));

    private static List<string> NamesIn(byte[] json)
    {
        using var tree = JsonDocument.Parse(json);
        return [.. tree.RootElement.GetProperty("nodes").EnumerateArray().Select(node => node.GetProperty("name").GetString()!)];
    }

    private static string Write(IEnumerable<Node> nodes)
    {
        var json = new ArrayBufferWriter<byte>();
        TreeJson.Write(json, nodes);
        return Encoding.UTF8.GetString(json.WrittenSpan);
    }

    private async Task<List<(byte[] Json, List<Node> Nodes)>> BackUpAsync(string version)
    {
        var restic = Peers.Restic(version, _folder["repo"], Password);
        restic.Run("init");
        restic.Run("backup", _folder["source"]);
        using var repository = await ResticRepository.OpenAsync(new FolderObjectStore(_folder["repo"]), Password, default);
        await repository.Index.LoadAsync(default);
        var reader = new RepositoryReader(repository);
        var trees = new List<(byte[] Json, List<Node> Nodes)>();
        await foreach (var (_, snapshot) in repository.SnapshotsAsync(default))
        {
            var pending = new Stack<BlobId>([snapshot.Root]);
            while (pending.TryPop(out var id))
            {
                trees.Add((await reader.ReadBlobAsync(BlobHandle.Tree(id), default), await reader.ReadTreeAsync(id, default)));
                foreach (var node in trees[^1].Nodes.Where(node => node.Subtree is not null))
                    pending.Push(node.Subtree!.Value);
            }
        }

        return trees;
    }

    private static void Shell(string script, string folder)
    {
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-ec", script]) { WorkingDirectory = folder })!;
        shell.WaitForExit();
        Assert.Equal(0, shell.ExitCode);
    }
}
