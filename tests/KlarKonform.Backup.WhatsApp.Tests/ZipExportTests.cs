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
    [InlineData("C:\\evil.txt")]
    [InlineData("C:evil.txt")]
    [InlineData("./x")]
    public void An_entry_that_leads_out_refuses_the_whole(string name) => AssertRefused(WhatsAppErrorKind.Dangerous, Zip(("_chat.txt", "x"), (name, "y")));

    [Fact]
    public void Two_entries_of_one_name_refuse_the_whole() => AssertRefused(WhatsAppErrorKind.Dangerous, Zip(("_chat.txt", "x"), ("_chat.txt", "y")));

    [Fact]
    public void A_bomb_is_refused_before_anything_is_unpacked()
    {
        using var content = new MemoryStream();
        using (var zip = new ZipArchive(content, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var entry = zip.CreateEntry("_chat.txt", CompressionLevel.Optimal).Open();
            var zeros = new byte[1 << 20];
            for (var i = 0; i < 100; i++)
                entry.Write(zeros);
        }

        AssertRefused(WhatsAppErrorKind.Dangerous, content.ToArray());
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
            Assert.Equal(10, all.Length); // Cut at what was announced: no memory is taken by surprise.
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

    private static void AssertRefused(WhatsAppErrorKind kind, byte[] zip) => Assert.Equal(kind, Assert.Throws<WhatsAppException>(() => ZipExport.Open(new MemoryStream(zip))).Kind);

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
