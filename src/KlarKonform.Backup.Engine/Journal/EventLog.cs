using System.Text.Encodings.Web;
using System.Text.Json;
using KlarKonform.Backup.Engine.Configuration;

namespace KlarKonform.Backup.Engine.Journal;

/// <summary>
/// A file of JSON lines, for log collectors. It is opened for every line, so that several processes and a log rotation do not disturb each
/// other. If it cannot be written, the backup continues without it. Thread-safe.
/// </summary>
internal sealed class EventLog(string path, Action<string> warn)
{
    // Fifty MiB hold years of nightly runs; a collector reads a file of ten at once.
    private const long MaxBytes = 10 << 20;
    private const int MaxFiles = 5;

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly object _gate = new();
    private bool _failed;

    /// <summary>Appends a line.</summary>
    public void Write(object line)
    {
        lock (_gate)
        {
            if (_failed)
                return;
            try
            {
                Append([.. JsonSerializer.SerializeToUtf8Bytes(line, s_json), (byte)'\n']);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                _failed = true;
                warn(Texts.Get("LogUnwritable", path, exception.Message));
            }
        }
    }

    private void Append(byte[] line)
    {
        PrivateFiles.CreateFolder(Path.GetDirectoryName(path)!);
        if (new FileInfo(path) is { Exists: true, Length: > MaxBytes })
            Rotate();
        using var stream = PrivateFiles.Open(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        stream.Write(line);
    }

    // backup.jsonl, backup.1.jsonl, …: the extension stays, because collectors rely on it.
    private void Rotate()
    {
        for (var number = MaxFiles - 1; number > 0; number--)
        {
            var older = Numbered(number);
            if (number == MaxFiles - 1)
                File.Delete(older);
            var newer = number == 1 ? path : Numbered(number - 1);
            if (File.Exists(newer))
                File.Move(newer, older, overwrite: true);
        }
    }

    private string Numbered(int number) => Path.ChangeExtension(path, $".{number}{Path.GetExtension(path)}");
}
