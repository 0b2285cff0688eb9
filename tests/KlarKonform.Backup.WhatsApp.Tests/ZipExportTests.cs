using System.IO.Compression;
using System.Text;
using KlarKonform.Backup.WhatsApp.Exports;

namespace KlarKonform.Backup.WhatsApp.Tests;

public sealed class ZipExportTests
{
    [Theory]
    [InlineData("../evil.txt")]
    [InlineData("/etc/passwd")]
    [InlineData("a/../../b.txt")]
    [InlineData("..\\evil.txt")]
    [InlineData("\\\\server\\share.txt")]
    [InlineData("C:\\evil.txt")]
    [InlineData("c:/evil.txt")]
    public void An_entry_that_leads_out_is_refused_and_the_rest_is_read(string name) =>
        AssertRefused(ZipRefusal.LeadsOut, name, Zip(("_chat.txt", "x"), (name, "y")));

    [Theory]
    [InlineData("00000007-cm-chat-media-video-1:2e61:0:0.MOV", "00000007-cm-chat-media-video-1:2e61:0:0.MOV")]
    [InlineData("C:evil.txt", "C:evil.txt")]
    [InlineData("Chat mit Anna\\IMG-1.jpg", "IMG-1.jpg")]
    [InlineData("Chat mit Anna/IMG-1.jpg", "IMG-1.jpg")]
    [InlineData("./Foto 😀.jpg", "Foto 😀.jpg")]
    [InlineData("DOC-20250930-WA0000.", "DOC-20250930-WA0000.")]
    [InlineData("Vertrag", "Vertrag")]
    [InlineData("a..b", "a..b")]
    public void An_odd_name_is_a_name_and_refuses_nothing(string path, string name)
    {
        using var export = ZipExport.Open(new MemoryStream(Zip(("_chat.txt", "x"), (path, "y"))));
        Assert.Equal(["_chat.txt", name], export.Files.Select(file => file.Name));
        Assert.All(export.Files, file => Assert.Null(file.Refusal));
        Assert.Equal(["x", "y"], export.Files.Select(file => Text(export.Open(file))));
        Assert.Equal("y", Text(export.OpenEntry(path)));
        Assert.Equal(1, export.SizeOf(path));
    }

    [Fact]
    public void Two_entries_of_one_name_are_both_read()
    {
        using var export = ZipExport.Open(new MemoryStream(Zip(("_chat.txt", "x"), ("a.jpg", "1"), ("a.jpg", "2"))));
        Assert.Equal(["x", "1", "2"], export.Files.Select(file => Text(export.Open(file))));
        Assert.Equal(["_chat.txt", "a.jpg"], export.Paths);
    }

    [Fact]
    public void An_encrypted_entry_is_refused_and_the_rest_is_read()
    {
        var zip = Zip(("_chat.txt", "x"), ("geheim.pdf", "y"));

        // The lowest flag, in the entry's own header at 6 and in the directory at 8 (APPNOTE 4.4.4).
        zip[zip.AsSpan().LastIndexOf((ReadOnlySpan<byte>)[0x50, 0x4B, 3, 4]) + 6] |= 1;
        zip[zip.AsSpan().LastIndexOf((ReadOnlySpan<byte>)[0x50, 0x4B, 1, 2]) + 8] |= 1;
        AssertRefused(ZipRefusal.Encrypted, "geheim.pdf", zip);
    }

    [Theory]
    [InlineData("a\0bc.txt")]
    [InlineData("")]
    public void An_entry_without_a_usable_name_is_refused_and_the_rest_is_read(string name) =>
        AssertRefused(ZipRefusal.BadName, name, Renamed(Zip(("_chat.txt", "x"), ("12345678", "y")), name));

    [Fact]
    public void An_entry_with_an_endless_name_is_refused_and_the_rest_is_read() =>
        AssertRefused(ZipRefusal.BadName, new string('n', 1025), Zip(("_chat.txt", "x"), (new string('n', 1025), "y")));

    [Fact]
    public void A_bomb_is_refused_before_anything_is_unpacked_and_the_chat_beside_it_is_read()
    {
        using var content = new MemoryStream();
        using (var zip = new ZipArchive(content, ZipArchiveMode.Create, leaveOpen: true))
        {
            using (var text = zip.CreateEntry("_chat.txt").Open())
                text.Write("x"u8);
            using var entry = zip.CreateEntry("bombe.pdf", CompressionLevel.Optimal).Open();
            var zeros = new byte[1 << 20];
            for (var i = 0; i < 100; i++)
                entry.Write(zeros);
        }

        AssertRefused(ZipRefusal.Bomb, "bombe.pdf", content.ToArray());
    }

    [Fact]
    public void A_ZIP_whose_entries_share_their_bytes_is_refused_whole()
    {
        // A hundred directory entries that all point at the same data, each harmless on its own.
        using var content = new MemoryStream();
        using (var zip = new ZipArchive(content, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var entry = zip.CreateEntry("x.bin", CompressionLevel.Optimal).Open();
            entry.Write(new byte[16 << 20]);
        }

        var bytes = content.ToArray();
        var directory = bytes.AsSpan().LastIndexOf((ReadOnlySpan<byte>)[0x50, 0x4B, 1, 2]);
        var end = bytes.AsSpan().LastIndexOf((ReadOnlySpan<byte>)[0x50, 0x4B, 5, 6]);
        var entries = bytes[directory..end];
        var tail = bytes[end..];
        BitConverter.GetBytes((ushort)100).CopyTo(tail, 8);
        BitConverter.GetBytes((ushort)100).CopyTo(tail, 10);
        BitConverter.GetBytes(100 * entries.Length).CopyTo(tail, 12);
        byte[] bomb = [.. bytes[..directory], .. Enumerable.Repeat(entries, 100).SelectMany(entry => entry), .. tail];
        Assert.Equal(WhatsAppErrorKind.Dangerous, Assert.Throws<WhatsAppException>(() => ZipExport.Open(new MemoryStream(bomb))).Kind);
    }

    [Fact]
    public void An_entry_of_another_ZIP_is_not_opened()
    {
        using var one = ZipExport.Open(new MemoryStream(Zip(("a", "x"))));
        using var other = ZipExport.Open(new MemoryStream(Zip(("a", "x"))));
        Assert.Throws<ArgumentException>(() => one.Open(other.Files[0]));
    }

    [Fact]
    public void A_ZIP_is_known_by_its_first_bytes()
    {
        Assert.True(ExportSniffer.IsZip(Zip(("a", "x"))));
        Assert.True(ExportSniffer.IsZip(Zip()));
        Assert.False(ExportSniffer.IsZip("PK"u8));
        Assert.False(ExportSniffer.IsZip("24.11.26, 13:05 - Anna: PK\u0003\u0004"u8));
    }

    [Fact]
    public void An_entry_that_holds_more_than_it_announces_is_refused()
    {
        var zip = Zip(("_chat.txt", new string('x', 5000)));

        // The announced size is in the directory at the end, 24 bytes into its entry, and in the entry's own header, at 22.
        foreach (var (mark, offset) in ((byte[], int)[])[([0x50, 0x4B, 1, 2], 24), ([0x50, 0x4B, 3, 4], 22)])
            BitConverter.GetBytes(10).CopyTo(zip, zip.AsSpan().IndexOf(mark) + offset);
        using var export = ZipExport.Open(new MemoryStream(zip));
        using var entry = export.OpenEntry("_chat.txt");
        using var all = new MemoryStream();
        try
        {
            entry.CopyTo(all);
            Assert.Equal(10, all.Length); // Cut off at the announced size: memory use is not unexpected.
        }
        catch (WhatsAppException exception)
        {
            Assert.Contains(exception.Kind, new[] { WhatsAppErrorKind.Dangerous, WhatsAppErrorKind.Incomplete });
        }
    }

    [Fact]
    public void A_byte_that_changed_on_its_way_is_found()
    {
        var zip = Zip(("_chat.txt", "24.11.26, 13:00 - Anna: Hallo"));
        zip[zip.AsSpan().IndexOf("Hallo"u8)] ^= 1;
        using var export = ZipExport.Open(new MemoryStream(zip));
        using var entry = export.OpenEntry("_chat.txt");
        Assert.Equal(WhatsAppErrorKind.Incomplete, Assert.Throws<WhatsAppException>(() => entry.CopyTo(Stream.Null)).Kind);
    }

    [Fact]
    public void A_file_on_its_way_is_incomplete_at_every_length()
    {
        var zip = Zip(("_chat.txt", "24.11.26, 13:00 - Anna: Hallo"), ("IMG.jpg", new string('j', 3000)));
        for (var length = 0; length < zip.Length; length += 7)
            AssertRefused(WhatsAppErrorKind.Incomplete, zip[..length]);
    }

    [Fact]
    public void No_damaged_byte_crashes_the_reader()
    {
        var zip = Zip(("_chat.txt", "24.11.26, 13:00 - Anna: Hallo"), ("Ümläut.jpg", new string('j', 300)));
        for (var seed = 0; seed < 5000; seed++)
        {
            var random = new Random(seed);
            var damaged = zip.ToArray();
            for (var i = random.Next(1, 5); i > 0; i--)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            try
            {
                using var export = ZipExport.Open(new MemoryStream(damaged));
                foreach (var path in export.Paths)
                {
                    using var entry = export.OpenEntry(path);
                    entry.CopyTo(Stream.Null);
                }
            }
            catch (WhatsAppException)
            {
                // Refused with a reason.
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"Seed {seed}", exception);
            }
        }
    }

    [Fact]
    public void Files_are_found_by_name_case_and_normalisation()
    {
        var files = new ExportFiles(["x/IMG.JPG", "x/Gru\u0308n.pdf"]);
        Assert.Equal(("x/IMG.JPG", "x/Gru\u0308n.pdf", null), (files.Find("img.jpg"), files.Find("Grün.pdf"), files.Find("fehlt.jpg")));
        Assert.Null(files.Find("\uD800"));
    }

    [Theory]
    [InlineData("Rechnung 4711 (2).pdf")]
    [InlineData("DOC-20250930-WA0000.")]
    [InlineData("Vertrag")]
    [InlineData("zeichnung.excalidraw")]
    [InlineData("😀😀.webp")]
    [InlineData("cm-chat-media-video-1:2e61:0.MOV")]
    [InlineData("\uD83D.jpg")]
    public void A_file_is_found_whatever_it_is_called(string name)
    {
        var files = new ExportFiles(["_chat.txt", "Ordner\\" + name]);
        Assert.Equal("Ordner\\" + name, files.Find(name));
        Assert.Equal("Ordner\\" + name, files.Find("\u200E" + name + "\u202C"));
        Assert.Equal("Ordner\\" + name, files.Find(name.Replace(':', '_').TrimEnd('.')));
    }

    private static void AssertRefused(WhatsAppErrorKind kind, byte[] zip) =>
        Assert.Equal(kind, Assert.Throws<WhatsAppException>(() => ZipExport.Open(new MemoryStream(zip))).Kind);

    private static void AssertRefused(ZipRefusal refusal, string path, byte[] zip)
    {
        using var export = ZipExport.Open(new MemoryStream(zip));
        Assert.Equal(["_chat.txt"], export.Paths);
        Assert.Equal("x", Text(export.OpenEntry("_chat.txt")));
        Assert.Equal([("_chat.txt", null), (path, (ZipRefusal?)refusal)], export.Files.Select(file => (file.Path, file.Refusal)));
        Assert.Equal(WhatsAppErrorKind.Dangerous, Assert.Throws<WhatsAppException>(() => export.Open(export.Files[1])).Kind);
    }

    private static string Text(Stream content)
    {
        using var reader = new StreamReader(content);
        return reader.ReadToEnd();
    }

    // Writes another name, of the same length or empty, over "12345678".
    private static byte[] Renamed(byte[] zip, string name)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        if (bytes.Length == 0)
        {
            foreach (var (mark, length, start) in ((byte[], int, int)[])[([0x50, 0x4B, 3, 4], 26, 30), ([0x50, 0x4B, 1, 2], 28, 46)])
            {
                var at = zip.AsSpan().LastIndexOf(mark);
                (zip[at + length], zip[at + length + 2]) = (0, 8); // The name becomes an extra field without meaning.
                new byte[] { 0xFE, 0xCA, 4, 0, 0, 0, 0, 0 }.CopyTo(zip, at + start);
            }

            return zip;
        }

        while (zip.AsSpan().IndexOf("12345678"u8) is >= 0 and var at)
            Encoding.UTF8.GetBytes(name.PadRight(8, '.')).CopyTo(zip, at);
        return zip;
    }

    private static byte[] Zip(params (string Name, string Content)[] entries)
    {
        using var content = new MemoryStream();
        using (var zip = new ZipArchive(content, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, text) in entries)
            {
                using var entry = zip.CreateEntry(name, CompressionLevel.NoCompression).Open();
                entry.Write(Encoding.UTF8.GetBytes(text));
            }
        }

        return content.ToArray();
    }
}
