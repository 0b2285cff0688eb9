using System.Globalization;
using KlarKonform.Backup.Benchmarks;

// dotnet run -c Release --project tests/Benchmarks -- repository [--runs 5]
// Internal: backup REPOSITORY SOURCE, restore REPOSITORY TARGET (a process of its own, so that CPU and memory are the work's alone).
switch (args)
{
    case ["repository"]:
        return await RepositoryBenchmark.RunAsync(5);
    case ["repository", "--runs", var runs] when int.TryParse(runs, CultureInfo.InvariantCulture, out var count) && count > 0:
        return await RepositoryBenchmark.RunAsync(count);
    case ["backup", var repository, var source]:
        await FolderCopy.BackupAsync(repository, source);
        return 0;
    case ["restore", var repository, var target]:
        await FolderCopy.RestoreAsync(repository, target);
        return 0;
    default:
        Console.Error.WriteLine("Usage: dotnet run -c Release --project tests/Benchmarks -- repository [--runs 5]");
        return 2;
}
