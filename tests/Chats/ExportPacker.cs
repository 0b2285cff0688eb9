using System.Text;

namespace KlarKonform.Backup.Chats;

/// <summary>Puts an export into files like telephones, browsers and people do.</summary>
internal sealed class ExportPacker(Random random)
{
    private static readonly Dictionary<string, string> s_names = new(StringComparer.Ordinal)
    {
        ["de"] = "WhatsApp Chat mit {0}",
        ["fr"] = "Discussion WhatsApp avec {0}",
        ["es"] = "Chat de WhatsApp con {0}",
        ["it"] = "Chat WhatsApp con {0}",
        ["pt-BR"] = "Conversa do WhatsApp com {0}",
        ["nl"] = "WhatsApp-chat met {0}",
    };

    /// <summary>How it is packed.</summary>
    public enum Shape
    {
        Zip,
        Copy,
        ZipCalledText,
        Folder,
        Text,
        Bare,
        BareCopy,
    }

    /// <summary>Encodings of texts, the first one far most often.</summary>
    public Encoding AnyEncoding() =>
        random.Next(20) switch
        {
            0 => new UTF8Encoding(encoderShouldEmitUTF8Identifier: true),
            1 => new UnicodeEncoding(bigEndian: false, byteOrderMark: true),
            2 => new UnicodeEncoding(bigEndian: true, byteOrderMark: true),
            3 => new UnicodeEncoding(bigEndian: false, byteOrderMark: false),
            _ => new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        };

    /// <summary>The chat's name in the names of its export's files.</summary>
    public string NameOf(ExportForm form, string title)
    {
        var instead = random.Next(3) switch
        {
            0 => "_",
            1 => "-",
            _ => "",
        };
        var held = string.Concat(title.Select(sign => "/\\:*?\"<>|".Contains(sign, StringComparison.Ordinal) ? instead : sign.ToString()));
        return form.Clock.Phone == Phone.Android
            ? string.Format(
                System.Globalization.CultureInfo.InvariantCulture,
                s_names.GetValueOrDefault(form.Language.Code, "WhatsApp Chat with {0}"),
                held
            )
            : $"WhatsApp Chat - {held}";
    }

    /// <summary>Packs an export.</summary>
    /// <param name="wave">The run before which it is dropped.</param>
    /// <param name="what">What is odd about it.</param>
    /// <param name="chat">The chat.</param>
    /// <param name="form">The telephone.</param>
    /// <param name="rendered">What it exported.</param>
    /// <param name="shape">How it is packed.</param>
    /// <param name="folder">A folder of its own in the place, with its slash; or empty.</param>
    /// <param name="title">The chat's name at that time, or null.</param>
    /// <param name="unnamed">Files next to it that no message names.</param>
    /// <param name="refused">An entry that must be refused, or null.</param>
    public PlacedExport Pack(
        int wave,
        string what,
        ModelChat chat,
        ExportForm form,
        RenderedText rendered,
        Shape shape,
        string folder = "",
        string? title = null,
        IReadOnlyList<(string Name, byte[] Bytes)>? unnamed = null,
        string? refused = null
    )
    {
        var (name, encoding) = (NameOf(form, title ?? chat.Title), AnyEncoding());
        byte[] text = [.. encoding.GetPreamble(), .. encoding.GetBytes(rendered.Text)];
        var inner = form.Clock.Phone == Phone.Android ? name + ".txt" : "_chat.txt";
        var beside = rendered.Files.Concat(unnamed ?? []).ToArray();
        (string Name, byte[] Bytes)[] all = [(inner, text), .. beside];
        var (source, files) = shape switch
        {
            Shape.Text => ($"{folder}{name}.txt", [($"{folder}{name}.txt", text)]),
            Shape.Bare => ($"{folder}_chat.txt", [($"{folder}_chat.txt", text)]),
            Shape.BareCopy => ($"{folder}_chat ({wave}).txt", [($"{folder}_chat ({wave}).txt", text)]),
            Shape.Folder => ($"{folder}{name}/{inner}", all.Select(file => ($"{folder}{name}/{file.Name}", file.Bytes)).ToArray()),
            _ => Zipped(
                folder
                    + name
                    + (
                        shape == Shape.Copy ? $" ({wave + 1}).zip"
                        : shape == Shape.ZipCalledText ? ".txt"
                        : ".zip"
                    ),
                all,
                refused
            ),
        };
        return new PlacedExport(wave, what, source, chat)
        {
            Files = files,
            Text = text,
            Shown = rendered.Shown,
            Media = beside,
            Unnamed = [.. (unnamed ?? []).Select(file => file.Name)],
            Missing = rendered.Missing,
            RefusedEntry = refused,
            Form =
                $"{form.Clock.Phone} {form.Language.Code} {form.Clock.Pattern}{(form.Zone is null ? "" : " " + form.Zone.Id)} "
                + $"{encoding.WebName}{(encoding.GetPreamble().Length > 0 ? " BOM" : "")}",
        };
    }

    private (string Source, (string Path, byte[] Bytes)[] Files) Zipped(string path, (string Name, byte[] Bytes)[] all, string? refused)
    {
        IEnumerable<(string Name, byte[] Bytes)> entries = all.OrderBy(_ => random.Next());
        if (refused is not null)
            entries = entries.Append((refused, Encoding.UTF8.GetBytes("geheim")));
        var zip = ZipMaker.Make(entries);
        if (refused?.Contains("..", StringComparison.Ordinal) == false)
            ZipMaker.Encrypt(zip, refused);
        return (path, [(path, zip)]);
    }
}
