using System.Diagnostics;
using KlarKonform.Backup.Repository.Restoring;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Repository.Writing;
using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Repository.Tests;

/// <summary>Places that accept files and refuse their times: shares with another owner, file systems that begin in another year.</summary>
public sealed class FileRestorerTests : IDisposable
{
    private const string RefusesTimes = "KLARKONFORM_TEST_REFUSES_TIMES";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("0001-01-01T00:00:00Z")]
    [InlineData("1600-12-31T23:59:59Z")]
    [InlineData("9999-12-31T23:59:59Z")]
    public async Task A_time_that_the_file_system_does_not_hold_is_told_and_the_file_is_there(string time)
    {
        var told = await RestoreAsync(DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal("Inhalt", await File.ReadAllTextAsync(_folder["a.txt"]));

        // For the year 9999 a file system may store anything, as long as it reports it.
        Assert.True(told.Count == 1 || File.GetLastWriteTimeUtc(_folder["a.txt"]).Year == 9999);
        Assert.NotInRange(File.GetLastWriteTimeUtc(_folder["a.txt"]).Year, 1800, 1969);
    }

    [Fact]
    public async Task A_time_that_it_holds_is_the_files()
    {
        var time = new DateTimeOffset(2011, 12, 13, 14, 15, 16, TimeSpan.Zero);
        Assert.Empty(await RestoreAsync(time));
        Assert.Equal(time.UtcDateTime, File.GetLastWriteTimeUtc(_folder["a.txt"]));
    }

    [Fact]
    public async Task Where_every_time_is_refused_every_file_arrives_all_the_same()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The shim is for Linux.");
        await File.WriteAllTextAsync(
            _folder["shim.c"],
            """
            #include <errno.h>
            #include <sys/stat.h>
            int futimens(int file, const struct timespec times[2]) { errno = EPERM; return -1; }
            int utimensat(int folder, const char *path, const struct timespec times[2], int flags) { errno = EPERM; return -1; }
            """
        );
        var (compiled, _) = await RunAsync("cc", [], "-shared", "-fPIC", "-o", _folder["shim.so"], _folder["shim.c"]);
        Assert.SkipUnless(compiled == 0, "There is no C compiler.");
        var own = Path.Combine(AppContext.BaseDirectory, typeof(FileRestorerTests).Assembly.GetName().Name!);
        var (code, output) = await RunAsync(
            own,
            new() { ["LD_PRELOAD"] = _folder["shim.so"], [RefusesTimes] = "1" },
            "-method",
            $"{typeof(FileRestorerTests).FullName}.{nameof(What_becomes_of_the_time_where_this_runs_is_told_or_true)}"
        );
        Assert.True(
            code == 0 && output.Contains("Total: 1", StringComparison.Ordinal) && !output.Contains("Skipped: 1", StringComparison.Ordinal),
            output
        );
    }

    /// <summary>Run again by <see cref="Where_every_time_is_refused_every_file_arrives_all_the_same"/> in a process of its own.</summary>
    [Fact]
    public async Task What_becomes_of_the_time_where_this_runs_is_told_or_true()
    {
        var isRefused = Environment.GetEnvironmentVariable(RefusesTimes) is not null;
        Assert.Equal(isRefused ? 1 : 0, (await RestoreAsync(DateTimeOffset.UnixEpoch)).Count);
        Assert.Equal(!isRefused, File.GetLastWriteTimeUtc(_folder["a.txt"]) == DateTime.UnixEpoch);
        Assert.Equal("Inhalt", await File.ReadAllTextAsync(_folder["a.txt"]));
    }

    private async Task<List<Exception>> RestoreAsync(DateTimeOffset time)
    {
        using var repository = await ResticRepository.InitializeAsync(
            new FolderObjectStore(_folder["repo"]),
            "p",
            "u",
            "h",
            TimeProvider.System,
            default
        );
        await using var writer = new RepositoryWriter(repository);
        using var content = new MemoryStream("Inhalt"u8.ToArray());
        var saved = await writer.SaveStreamAsync(content, default);
        await writer.FlushAsync(default);
        var (failures, told) = (new List<Exception?>(), new List<Exception>());
        await new FileRestorer(repository, 1).RestoreAsync(
            [new FileToRestore(Node.NewFile("a.txt", (ulong)saved.Size, saved.Blobs, time), _folder["a.txt"], Overwrite: false)],
            (_, failure) => failures.Add(failure),
            default,
            (_, reason) => told.Add(reason)
        );
        Assert.Equal([null], failures);
        return told;
    }

    private static async Task<(int Code, string Output)> RunAsync(
        string program,
        Dictionary<string, string> environment,
        params string[] arguments
    )
    {
        try
        {
            var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
            foreach (var (name, value) in environment)
                start.Environment[name] = value;
            using var process = Process.Start(start)!;
            var errors = process.StandardError.ReadToEndAsync();
            var output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            return (process.ExitCode, output + await errors);
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            return (-1, exception.Message);
        }
    }
}
