using System.IO.Compression;
using System.Text;
using CsCheck;
using KlarKonform.Backup.WhatsApp.Exports;
using static KlarKonform.Backup.WhatsApp.Tests.ExportText;

namespace KlarKonform.Backup.WhatsApp.Tests;

public sealed class ExportEncodingTests
{
    private static readonly Encoding[] s_encodings =
    [
        new UTF8Encoding(false),
        new UnicodeEncoding(false, false),
        new UnicodeEncoding(true, false),
        new UTF32Encoding(false, false),
    ];

    private static readonly string[] s_pieces =
    [
        "24.11.25, 13:05 - Anna: ",
        "25.11.25, 9:05 - Bernd: ",
        "\n",
        "\r\n",
        "\r",
        "ä",
        "😀",
        "x",
        "01.01.20, 10:00 - A: ",
        "\uFEFF",
    ];

    [Theory]
    [InlineData("24.11.25, 13:05 - Jörg: Grüße")]
    [InlineData("2025/11/24 下午1:05 - 李雷: 你好，这是第一条消息，里面几乎没有拉丁字母")]
    [InlineData("[٢٤\u200F/١١\u200F/٢٠٢٥، ١:٠٥:٠٠ م] أحمد: مرحبا بكم في هذه المحادثة")]
    [InlineData("24.11.25, 13:05 - Anna: 😀😀😀")]
    [InlineData("24.11.25, 13:05 - Anna: 😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀")]
    public async Task Every_encoding_with_and_without_its_mark_gives_the_same_text(string text)
    {
        foreach (var end in (string[])["", "\n", "\r\n", "\r", "\n\n"])
        {
            foreach (var encoding in s_encodings)
            {
                foreach (var marked in (bool[])[true, false])
                {
                    if (!marked && encoding is UTF32Encoding)
                        continue; // No telephone writes it; with its byte order mark it costs nothing to read.
                    byte[] mark = marked
                        ? encoding switch
                        {
                            UTF8Encoding => [0xEF, 0xBB, 0xBF],
                            UTF32Encoding => [0xFF, 0xFE, 0, 0],
                            _ => encoding.GetBytes("\uFEFF"),
                        }
                        : [];
                    byte[] bytes = [.. mark, .. encoding.GetBytes(text + end)];
                    var format = await ExportDetector.DetectAsync(new MemoryStream(bytes), null, default);
                    Assert.Equal((marked, encoding.CodePage), (format.HasByteOrderMark, format.Encoding.CodePage));
                    var message = Assert.Single(await ReadAsync(bytes));
                    Assert.Equal((text + end, new DateTime(2025, 11, 24, 13, 5, 0)), (message.Raw, message.Time));
                    Assert.Equal(bytes, (byte[])[.. mark, .. format.Encoding.GetBytes(message.Raw)]);
                }
            }
        }
    }

    [Theory]
    [InlineData("windows-1252")]
    [InlineData("latin1")]
    public async Task Another_encoding_is_refused(string name)
    {
        var bytes = (name == "latin1" ? Encoding.Latin1 : CodePagesEncodingProvider.Instance.GetEncoding(name)!).GetBytes(
            "24.11.25, 13:00 - Jörg: Grüße"
        );
        Assert.Equal(WhatsAppErrorKind.WrongEncoding, (await Assert.ThrowsAsync<WhatsAppException>(() => ReadAsync(bytes))).Kind);
    }

    [Fact]
    public async Task Half_a_sign_at_the_end_is_refused_and_not_dropped()
    {
        foreach (
            var bytes in (byte[][])
                [Encoding.UTF8.GetBytes("24.11.25, 13:00 - Anna: ü")[..^1], Encoding.Unicode.GetBytes("24.11.25, 13:00 - Anna: x")[..^1]]
        )
            Assert.Equal(WhatsAppErrorKind.WrongEncoding, (await Assert.ThrowsAsync<WhatsAppException>(() => ReadAsync(bytes))).Kind);
    }

    [Fact]
    public async Task A_ZIP_that_is_called_a_text_is_said_to_be_a_ZIP()
    {
        using var content = new MemoryStream();
        using (var zip = new ZipArchive(content, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var entry = zip.CreateEntry("_chat.txt").Open();
            entry.Write("24.11.25, 13:00 - Anna: x"u8);
        }

        var refusal = await Assert.ThrowsAsync<WhatsAppException>(() => ReadAsync(content.ToArray()));
        Assert.Equal(WhatsAppErrorKind.NotAChat, refusal.Kind);
        Assert.Contains("ZIP", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_read_is_what_was_written_whatever_ends_the_lines_and_however_the_bytes_arrive() =>
        await Gen.Select(
                Gen.Int[0, s_pieces.Length - 1].Select(i => s_pieces[i]).Array[0, 40],
                Gen.Int[0, 2],
                Gen.Int[1, 9],
                (pieces, encoding, step) => (pieces, encoding, step)
            )
            .SampleAsync(
                async each =>
                {
                    var text = "24.11.25, 13:05 - Anna: " + string.Concat(each.pieces);
                    var bytes = s_encodings[each.encoding].GetBytes(text);
                    var format = await ExportDetector.DetectAsync(new Dripping(bytes, each.step), null, default);
                    var raw = new StringBuilder();
                    await foreach (var message in ExportReader.ReadAsync(new Dripping(bytes, each.step), format, default))
                        raw.Append(message.Raw);
                    Assert.Equal(text, raw.ToString());
                },
                iter: 2000
            );

    [Theory]
    [InlineData(1, 4 << 20)] // One line of megabytes.
    [InlineData(100_000, 20)]
    [InlineData(1_000_000, 2)]
    public async Task A_long_message_is_read_whole(int lines, int length)
    {
        var line = new string('z', length);
        var text =
            "24.11.25, 13:00 - Anna: x\n01.02.25, 09:00 - Bernd: "
            + string.Concat(Enumerable.Repeat(line + "\n", lines))
            + "24.11.25, 13:01 - Anna: y\n";
        var messages = await ReadAsync(text);
        Assert.Equal(["Anna", "Anna"], messages.Select(message => message.Author));
        Assert.Equal(text, string.Concat(messages.Select(message => message.Raw)));
    }

    [Fact]
    public async Task Twice_the_lines_in_a_doubtful_message_take_twice_the_memory_and_not_four_times()
    {
        var once = await AllocatedAsync(20_000);
        var twice = await AllocatedAsync(40_000);
        Assert.InRange(twice, once, 3 * once);

        static async Task<long> AllocatedAsync(int lines)
        {
            var bytes = Encoding.UTF8.GetBytes(
                "24.11.25, 13:00 - Anna: x\n01.02.25, 09:00 - Bernd: y\n" + string.Concat(Enumerable.Repeat("noch eine Zeile\n", lines))
            );
            var format = await ExportDetector.DetectAsync(new MemoryStream(bytes), null, default);

            // What is in memory is read without waiting, so all of it happens on this thread; other tests allocate on theirs.
            var (thread, before) = (Environment.CurrentManagedThreadId, GC.GetAllocatedBytesForCurrentThread());
            await foreach (var message in ExportReader.ReadAsync(new MemoryStream(bytes), format, default))
                Assert.NotNull(message.Raw);
            Assert.Equal(thread, Environment.CurrentManagedThreadId);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    /// <summary>Returns a few bytes at a time.</summary>
    private sealed class Dripping(byte[] bytes, int step) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(step, buffer.Length)], cancellationToken);
    }
}
