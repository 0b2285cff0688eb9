using System.Text;
using static KlarKonform.Backup.Chats.ExportPacker;

namespace KlarKonform.Backup.Chats;

/// <summary>
/// The exports of one place: what telephones create, and what people do with it. The same seed gives the same ones in the same year.
/// </summary>
internal sealed class ChatCorpus
{
    /// <summary>How many runs there are.</summary>
    public const int Waves = 3;

    private readonly Random _random;
    private readonly ModelWriter _models;
    private readonly ExportWriter _writer;
    private readonly ExportPacker _packer;
    private readonly int _year;
    private readonly List<PlacedExport> _exports = [];

    private ChatCorpus(int seed, int year)
    {
        (_random, _year) = (new Random(seed), year);
        (_models, _writer, _packer) = (new ModelWriter(_random), new ExportWriter(_random), new ExportPacker(_random));
    }

    /// <summary>Makes exports.</summary>
    /// <param name="seed">The seed that determines them.</param>
    /// <param name="count">How many, at least.</param>
    /// <param name="year">The current year.</param>
    public static IReadOnlyList<PlacedExport> Make(int seed, int count, int year)
    {
        var corpus = new ChatCorpus(seed, year);
        Action[] cases =
        [
            corpus.Plain,
            corpus.Plain,
            corpus.Plain,
            corpus.Later,
            corpus.Later,
            corpus.Older,
            corpus.ElsewhereConstant,
            corpus.ElsewhereSummer,
            corpus.Saved,
            corpus.Renamed,
            corpus.OneName,
            corpus.Numbered,
            corpus.Forwarded,
            corpus.OtherCalendar,
            corpus.BadEntry,
            corpus.EqualNames,
            corpus.Unnamed,
            corpus.BareInFolder,
            corpus.TwoInOneZip,
            corpus.UnpackedAgain,
            corpus.Mixed,
        ];
        corpus.BareInRoot();
        for (var i = 0; corpus._exports.Count < count; i++)
            cases[i < cases.Length ? i : corpus._random.Next(cases.Length)]();
        return corpus._exports;
    }

    private static readonly (int Years, string Code)[] s_calendars = [(543, "th"), (-579, "ar"), (-621, "fa"), (-579, "ar-EG")];
    private static readonly string[] s_refused = ["../../boese.txt", "C:\\Windows\\boese.dll", "geheim.pdf"];
    private static readonly string[] s_zones = ["America/New_York", "Asia/Tokyo", "Asia/Kolkata", "America/Sao_Paulo"];

    private DateTime Begin() =>
        new(
            _year - 3 + _random.Next(2),
            _random.Next(1, 13),
            _random.Next(1, 28),
            _random.Next(7, 22),
            _random.Next(60),
            0,
            DateTimeKind.Unspecified
        );

    private ModelChat Chat(bool? isGroup = null, string? title = null, IReadOnlyList<string>? people = null) =>
        _models.Chat(_random.Next(24, 60), isGroup ?? _random.Next(2) == 0, Begin(), _random.Next(60, 200), title, people);

    private Shape AnyShape(ExportForm form) =>
        _random.Next(10) switch
        {
            0 => Shape.ZipCalledText,
            1 or 2 => Shape.Folder,
            3 or 4 when form.Clock.Phone == Phone.Android && !form.WithMedia => Shape.Text,
            _ => Shape.Zip,
        };

    private RenderedText Write(ModelChat chat, ExportForm form, int percent = 100, bool isLater = false, int missing = 0) =>
        _writer.Write(chat, form, [.. chat.Messages.Take(chat.Messages.Count * percent / 100)], isLater, missing);

    private void Place(
        int wave,
        string what,
        ModelChat chat,
        ExportForm form,
        int percent = 100,
        Shape? shape = null,
        string folder = "",
        string? title = null
    ) => _exports.Add(_packer.Pack(wave, what, chat, form, Write(chat, form, percent, wave > 0), shape ?? AnyShape(form), folder, title));

    private void Plain()
    {
        var (chat, form) = (Chat(), ExportForm.Any(_random));
        _exports.Add(
            _packer.Pack(
                _random.Next(Waves),
                "plain",
                chat,
                form,
                Write(chat, form, isLater: _random.Next(2) == 0, missing: _random.Next(3) == 0 ? 30 : 0),
                AnyShape(form)
            )
        );
    }

    private void Later()
    {
        var chat = Chat();
        var form = ExportForm.Any(_random);
        Place(0, "first of several", chat, form, 60);
        Place(
            1,
            "later, larger",
            chat,
            _random.Next(2) == 0 ? form : ExportForm.Any(_random),
            80,
            _random.Next(2) == 0 ? Shape.Copy : null
        );
        if (_random.Next(2) == 0)
            Place(2, "later, whole", chat, ExportForm.Any(_random), 100, Shape.Copy);
    }

    private void Older()
    {
        var chat = Chat();
        Place(0, "whole", chat, ExportForm.Any(_random));
        var form = ExportForm.Any(_random) with { WithMedia = _random.Next(2) == 0 };
        _exports.Add(_packer.Pack(1, "an older one, later", chat, form, Write(chat, form, _random.Next(40, 90)), Shape.Copy));
    }

    private void ElsewhereConstant() => Elsewhere("Europe/Lisbon", Chat());

    // The daylight saving times of Europe and of the United States differ for weeks in March, those of Asia for half the year.
    private void ElsewhereSummer() =>
        Elsewhere(
            s_zones[_random.Next(s_zones.Length)],
            _models.Chat(
                _random.Next(60, 90),
                _random.Next(2) == 0,
                new DateTime(_year - 2, 1, _random.Next(5, 25), 9, 0, 0, DateTimeKind.Unspecified),
                110
            )
        );

    private void Elsewhere(string zone, ModelChat chat)
    {
        Place(0, "at home", chat, ExportForm.Any(_random), 90);
        Place(1, "elsewhere", chat, ExportForm.Any(_random) with { Zone = TimeZoneInfo.FindSystemTimeZoneById(zone) }, 100, Shape.Copy);
    }

    private void Saved()
    {
        var chat = Chat(isGroup: false);
        var number = $"+49 171 {_random.Next(1_000_000, 9_999_999)}";
        Place(
            0,
            "a number",
            chat,
            ExportForm.Any(_random) with
            {
                Renamed = new Dictionary<string, string> { [chat.People[1]] = number, [chat.Title] = number },
            },
            60,
            title: number
        );
        Place(1, "saved since", chat, ExportForm.Any(_random));
    }

    private void Renamed()
    {
        var chat = Chat(isGroup: true);
        Place(0, "a group", chat, ExportForm.Any(_random), 60);
        Place(
            1,
            "renamed since",
            chat,
            ExportForm.Any(_random) with
            {
                Renamed = new Dictionary<string, string> { [chat.Title] = chat.Title + " neu" },
            },
            title: $"{chat.Number} ganz anders"
        );
    }

    private void OneName()
    {
        var first = Chat(isGroup: true);
        var isContact = _random.Next(2) == 0;
        var second = _models.Chat(40, isGroup: true, first.Messages[0].Time.AddDays(3), 100, first.Title, isContact ? first.People : null);
        Place(0, "one name", first, ExportForm.Any(_random), shape: Shape.Zip, folder: $"eins {first.Number}/");
        Place(
            _random.Next(2),
            "one name, another chat",
            second,
            ExportForm.Any(_random),
            shape: Shape.Zip,
            folder: $"zwei {first.Number}/"
        );
    }

    private void Numbered()
    {
        var number = Chat(isGroup: true).Number;
        for (var i = 1; i <= 2; i++)
            Place(
                _random.Next(2),
                "numbered",
                Chat(isGroup: true, title: $"Baustelle {number} ({i})"),
                ExportForm.Any(_random),
                shape: Shape.Zip
            );
    }

    private void Forwarded()
    {
        var (chat, other) = (Chat(), Chat());
        var form = ExportForm.Any(_random) with { WithMedia = true };
        var otherForm = ExportForm.Any(_random, _random.Next(2) == 0 ? form.Clock.Phone : null) with { WithMedia = false };
        var text = Encoding.UTF8.GetBytes(Write(other, otherForm).Text);
        var name =
            otherForm.Clock.Phone == Phone.Android ? _packer.NameOf(otherForm, other.Title) + ".txt"
            : form.Clock.Phone == Phone.Android ? "WhatsApp Chat - andere.txt"
            : "_chat.txt";
        var last = chat.Messages[^2];
        var with = chat with
        {
            Messages =
            [
                .. chat.Messages.SkipLast(1),
                new ModelMessage(last.Id + "f", ModelKind.Media, last.Time.AddSeconds(1), 0, "") { Document = name, File = text },
                chat.Messages[^1] with
                {
                    Time = last.Time.AddMinutes(2),
                },
            ],
        };
        _exports.Add(
            _packer.Pack(
                _random.Next(Waves),
                "a forwarded chat in it",
                with,
                form,
                Write(with, form),
                _random.Next(3) == 0 ? Shape.Folder : Shape.Zip
            ) with
            {
                Forwarded = [other.Number],
            }
        );
    }

    private void OtherCalendar()
    {
        var (years, code) = s_calendars[_random.Next(s_calendars.Length)];
        var (chat, form) = (Chat(), ExportForm.Any(_random, code: code) with { CalendarYears = years });
        _exports.Add(
            _packer.Pack(_random.Next(Waves), "another calendar", chat, form, Write(chat, form), Shape.Zip) with
            {
                MustBeRefused = true,
            }
        );
    }

    private void BadEntry()
    {
        var (chat, form) = (Chat(), ExportForm.Any(_random));
        _exports.Add(
            _packer.Pack(
                _random.Next(Waves),
                "a bad entry",
                chat,
                form,
                Write(chat, form),
                Shape.Zip,
                refused: s_refused[_random.Next(s_refused.Length)]
            )
        );
    }

    private void EqualNames()
    {
        var (chat, form) = (Chat(), ExportForm.Any(_random, Phone.Android) with { WithMedia = true });
        var with = chat with
        {
            Messages =
            [
                .. chat.Messages.Select(message => message.Document is null ? message : message with { Document = "Rechnung.pdf" }),
            ],
        };
        _exports.Add(_packer.Pack(_random.Next(Waves), "equal names", with, form, Write(with, form), Shape.Zip));
    }

    private void Unnamed()
    {
        var (chat, form) = (Chat(), ExportForm.Any(_random));
        var other = Chat();
        var bytes = new byte[200];
        _random.NextBytes(bytes);
        (string, byte[])[] beside =
        [
            ($"VID-20250101-WA{chat.Number:D6}.mp4", bytes),
            ($"Notizen {chat.Number}.txt", Encoding.UTF8.GetBytes($"Brot {chat.Number}\nMilch\n")),
            .. form.Clock.Phone == Phone.Android && _random.Next(2) == 0
                ?
                [
                    (
                        $"WhatsApp Chat mit Fremde {other.Number}.txt",
                        Encoding.UTF8.GetBytes(Write(other, ExportForm.Any(_random, Phone.Android)).Text)
                    ),
                ]
                : Array.Empty<(string, byte[])>(),
        ];
        var shape = beside.Length == 2 && _random.Next(3) == 0 ? Shape.Folder : Shape.Zip;
        if (shape == Shape.Folder)
            beside = beside[..1]; // A text of its own in a folder is an export, or a failure.
        _exports.Add(
            _packer.Pack(_random.Next(Waves), "files that nobody names", chat, form, Write(chat, form), shape, unnamed: beside) with
            {
                Forwarded = [other.Number],
            }
        );
    }

    // A different one in each run: only the text says whose it is.
    private void BareInRoot()
    {
        for (var wave = 0; wave < Waves; wave++)
            Place(wave, "bare in the root", Chat(), ExportForm.Any(_random, Phone.Iphone) with { WithMedia = false }, shape: Shape.Bare);
    }

    private void BareInFolder()
    {
        var folder = $"Downloads {_exports.Count}/";
        Place(
            0,
            "bare in a folder",
            Chat(),
            ExportForm.Any(_random, Phone.Iphone) with
            {
                WithMedia = false,
            },
            shape: Shape.Bare,
            folder: folder
        );
        Place(
            1,
            "bare, another one",
            Chat(),
            ExportForm.Any(_random, Phone.Iphone) with
            {
                WithMedia = false,
            },
            shape: _random.Next(2) == 0 ? Shape.Bare : Shape.BareCopy,
            folder: folder
        );
    }

    // Two exports unpacked into one folder: each has its own media.
    private void Mixed()
    {
        var wave = _random.Next(Waves);
        var exports = Enumerable
            .Range(0, 2)
            .Select(_ =>
            {
                var (chat, form) = (Chat(), ExportForm.Any(_random, Phone.Android) with { WithMedia = true });
                return _packer.Pack(wave, "two in one folder", chat, form, Write(chat, form), Shape.Folder);
            })
            .ToArray();
        foreach (var export in exports)
        {
            var files = export
                .Files.Select(file =>
                    (
                        Path: $"Beide {exports[0].Chat.Number}/{file.Path[(file.Path.IndexOf('/', StringComparison.Ordinal) + 1)..]}",
                        file.Bytes
                    )
                )
                .ToArray();
            _exports.Add(export with { Source = files[0].Path, Files = files });
        }
    }

    private void TwoInOneZip()
    {
        var exports = Enumerable
            .Range(0, 2)
            .Select(_ =>
            {
                var (chat, form) = (Chat(), ExportForm.Any(_random));
                return _packer.Pack(0, "two in one ZIP", chat, form, Write(chat, form), Shape.Folder);
            })
            .ToArray();
        var path = $"Export {_exports.Count}.zip";
        var zip = ZipMaker.Make(exports.SelectMany(each => each.Files).Select(file => (file.Path, file.Bytes)));
        _exports.AddRange(exports.Select((each, i) => each with { Source = path, Files = i == 0 ? [(path, zip)] : [] }));
    }

    private void UnpackedAgain()
    {
        var (chat, form) = (Chat(), ExportForm.Any(_random) with { WithMedia = true });
        Place(0, "packed", chat, form, shape: Shape.Zip);
        Place(1, "unpacked beside it", chat, form, shape: Shape.Folder);
    }
}
