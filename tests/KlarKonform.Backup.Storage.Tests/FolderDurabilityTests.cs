using System.Collections.Concurrent;
using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;
using Microsoft.Win32.SafeHandles;

namespace KlarKonform.Backup.Storage.Tests;

/// <summary>What is saved is on the disk: bytes, name and every folder that was created for it.</summary>
public sealed class FolderDurabilityTests : IDisposable
{
    private const int Eio = 5;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_level_that_is_made_is_on_the_disk_before_the_file_is_said_to_be_saved()
    {
        var disk = new NotingDisk();
        await using var store = new FolderObjectStore(_folder["a", "store"], disk: disk);
        await store.PrepareAsync(create: true, default);
        Assert.Equal(["folder " + _folder.Path, "folder " + _folder["a"]], disk.Notes);

        disk.Notes.Clear();
        await store.SaveAsync("data/ab/abcd", new byte[10], default);
        var path = _folder["a", "store", "data", "ab"];
        Assert.Equal(
            [
                "folder " + _folder["a", "store"],
                "folder " + _folder["a", "store", "data"],
                "file",
                "rename " + Path.Combine(path, "abcd"),
                "folder " + path,
            ],
            disk.Notes
        );

        disk.Notes.Clear();
        await store.SaveAsync("data/ab/abce", new byte[10], default);
        Assert.Equal(["file", "rename " + Path.Combine(path, "abce"), "folder " + path], disk.Notes);
    }

    [Theory]
    [InlineData("file")]
    [InlineData("folder")]
    public async Task A_disk_that_cannot_write_is_a_failure_and_the_object_is_not_saved(string which)
    {
        var disk = new NotingDisk();
        await using var store = new FolderObjectStore(_folder["store"], disk: disk);
        await store.PrepareAsync(create: true, default);
        await store.SaveAsync("data/ab/first", new byte[10], default);
        disk.Failing = which;
        var failure = await Assert.ThrowsAsync<StorageException>(() => store.SaveAsync("data/ab/second", new byte[10], default));
        Assert.Equal(StorageErrorKind.Other, failure.Kind);
        Assert.Equal("data/ab/second", failure.Key);
        await Assert.ThrowsAsync<StorageException>(() => store.SaveAsync("data/cd/third", new byte[10], default));
        Assert.DoesNotContain(
            Directory.GetFiles(_folder["store"], "*", SearchOption.AllDirectories),
            file => file.Contains("-tmp-", StringComparison.Ordinal)
        );

        // The folder exists by now, but is not confirmed to be on the disk.
        (disk.Failing, var before) = ("", disk.Notes.Count);
        await store.SaveAsync("data/cd/third", new byte[10], default);
        Assert.Equal(which == "folder", disk.Notes.Skip(before).Contains("folder " + _folder["store", "data"]));
    }

    [Fact]
    public async Task Many_writers_into_one_new_folder_wait_for_it()
    {
        using var gate = new ManualResetEventSlim();
        var disk = new NotingDisk
        {
            Before = note =>
            {
                if (note == "folder " + _folder["store", "data"])
                    gate.Wait(TimeSpan.FromMinutes(1));
            },
        };
        await using var store = new FolderObjectStore(_folder["store"], disk: disk);
        await store.PrepareAsync(create: true, default);
        var saving = Enumerable.Range(0, 4).Select(number => store.SaveAsync($"data/ab/{number}", new byte[10], default)).ToArray();
        while (!Directory.Exists(_folder["store", "data", "ab"]))
            await Task.Delay(10);
        Assert.DoesNotContain("file", disk.Notes);
        gate.Set();
        await Task.WhenAll(saving);
        Assert.Equal(4, disk.Notes.Count(note => note == "file"));
    }

    [Fact]
    public void A_file_system_that_syncs_no_folders_is_no_failure_and_a_folder_that_is_not_there_is_one()
    {
        if (OperatingSystem.IsLinux())
            FolderSync.Flush("/proc"); // EINVAL
        FolderSync.Flush(_folder.Path);
        if (!OperatingSystem.IsWindows())
            Assert.Throws<DirectoryNotFoundException>(() => FolderSync.Flush(_folder["none"]));
    }

    [Theory]
    [InlineData(5, false, false)] // EIO
    [InlineData(28, false, false)] // ENOSPC
    [InlineData(122, false, false)] // EDQUOT
    [InlineData(116, true, false)] // ESTALE
    [InlineData(5, true, false)]
    [InlineData(22, false, true)] // EINVAL
    [InlineData(9, false, true)] // EBADF
    [InlineData(13, true, true)] // EACCES: a folder that may be written but not listed.
    [InlineData(13, false, false)]
    public void Only_errors_that_say_not_with_folders_are_passed_over(int code, bool opening, bool passedOver) =>
        Assert.Equal(passedOver, FolderSync.IsInability(code, opening));

    [Fact]
    public async Task A_cache_waits_for_nothing()
    {
        var disk = new NotingDisk { Failing = "file" };
        await using var store = new FolderObjectStore(_folder["store"], durable: false, disk);
        await store.SaveAsync("data/ab/abcd", new byte[10], default);
        Assert.Empty(disk.Notes);
    }

    private sealed class NotingDisk : IDiskSync
    {
        public ConcurrentQueue<string> Notes { get; } = new();

        public string Failing { get; set; } = "";

        public Action<string> Before { get; init; } = _ => { };

        public void FlushFile(SafeFileHandle file)
        {
            Note("file");
            DiskSync.System.FlushFile(file);
        }

        public void FlushFolder(string folder)
        {
            Note("folder " + folder);
            DiskSync.System.FlushFolder(folder);
        }

        public void Rename(string from, string to)
        {
            Note("rename " + to);
            DiskSync.System.Rename(from, to);
        }

        private void Note(string note)
        {
            Before(note);
            Notes.Enqueue(note);
            if (Failing.Length > 0 && note.StartsWith(Failing, StringComparison.Ordinal))
                throw new IOException("Input/output error", Eio);
        }
    }
}
