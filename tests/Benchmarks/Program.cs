using System.Globalization;
using System.Text.Json;
using KlarKonform.Backup;
using KlarKonform.Backup.Benchmarks;
using KlarKonform.Backup.Benchmarks.Chaos;
using KlarKonform.Backup.Benchmarks.Chats;
using KlarKonform.Backup.Benchmarks.Destroy;
using KlarKonform.Backup.Benchmarks.Drift;
using KlarKonform.Backup.Benchmarks.Drives;
using KlarKonform.Backup.Benchmarks.Mails;
using KlarKonform.Backup.Benchmarks.Receiver;
using KlarKonform.Backup.Benchmarks.Report;
using KlarKonform.Backup.Benchmarks.Repositories;
using KlarKonform.Backup.Benchmarks.Scale;
using KlarKonform.Backup.Benchmarks.Workers;
using KlarKonform.Backup.Engine;

// dotnet run -c Release --project tests/Benchmarks -- all
// dotnet run -c Release --project tests/Benchmarks -- plot FIGURES.json IMAGE.svg (the last line of all, as bars)
// dotnet run -c Release --project tests/Benchmarks -- table FIGURES.json (the same as a table)
// dotnet run -c Release --project tests/Benchmarks -- repository [--runs 5]
// dotnet run -c Release --project tests/Benchmarks -- mail [--rounds 5]
// dotnet run -c Release --project tests/Benchmarks -- drive [--rounds 5] [--items 1000000] [--no-peers]
// dotnet run -c Release --project tests/Benchmarks -- search
// dotnet run -c Release --project tests/Benchmarks -- startup
// dotnet run -c Release --project tests/Benchmarks -- receiver [--seconds 20] [--kills 20] [--seed 1]
// dotnet run -c Release --project tests/Benchmarks -- workers [--count 8] [--kill 1] [--pause 1]
// dotnet run -c Release --project tests/Benchmarks -- scale
// dotnet run -c Release --project tests/Benchmarks -- index
// dotnet run -c Release --project tests/Benchmarks -- chaos [--kills 100] [--seed 1]
// dotnet run -c Release --project tests/Benchmarks -- drift [--seeds 500] [--seed N]
// dotnet run -c Release --project tests/Benchmarks -- destroy [--seeds 200] [--seed N]
// dotnet run -c Release --project tests/Benchmarks -- chats [--exports 2000] [--seed N]
// Internal: worker-run, receiver-run, search-run, chaos-run, drive-tenant, drive-run, drive-restore, tenant, mail-run, backup REPOSITORY
// SOURCE, restore REPOSITORY TARGET (a process of its own, so that CPU and memory are the work's alone).
switch (args)
{
    case ["all", .. var options]:
        return AllBenchmark.Run(options);
    case ["table", var figures]:
        using (var json = JsonDocument.Parse(await File.ReadAllTextAsync(figures)))
            Console.WriteLine(Figure.Table(json.RootElement));
        return 0;
    case ["plot", var figures, var image]:
        await RatioPlot.WriteAsync(figures, image);
        return 0;
    case ["repository"]:
        return await RepositoryBenchmark.RunAsync(5);
    case ["repository", "--runs", var runs] when int.TryParse(runs, CultureInfo.InvariantCulture, out var count) && count > 0:
        return await RepositoryBenchmark.RunAsync(count);
    case ["mail"]:
        return await MailBenchmark.RunAsync(5);
    case ["mail", "--rounds", var rounds] when int.TryParse(rounds, CultureInfo.InvariantCulture, out var count) && count > 0:
        return await MailBenchmark.RunAsync(count);
    case ["drive", .. var options]:
        return await DriveBenchmark.RunAsync(options);
    case ["search"]:
        return await SearchBenchmark.RunAsync();
    case ["startup"]:
        return await StartupBenchmark.RunAsync();
    case ["receiver", .. var options] when ReceiverOptions(options) is var (seconds, kills, seed):
        return await ReceiverBenchmark.RunAsync(seconds, kills, seed);
    case ["receiver-run", var spool, var port]:
        await ReceiverProcess.ServeAsync(spool, int.Parse(port, CultureInfo.InvariantCulture));
        return 0;
    case ["search-run", var home]:
        await SearchBenchmark.ExecuteAsync(home);
        return 0;
    case ["index"]:
        return await IndexBenchmark.RunAsync();
    case ["scale"]:
        return ScaleBenchmark.Run();
    case ["workers", .. var options]:
        return await WorkersBenchmark.RunAsync(options);
    case ["worker-run", var folder, var baseUrl, var home, var kind, var name, var shards, var index, var hurry]:
        await WorkerProcess.ExecuteAsync(
            folder,
            baseUrl,
            home,
            new ChaosTarget(kind, name),
            int.Parse(shards, CultureInfo.InvariantCulture),
            int.Parse(index, CultureInfo.InvariantCulture),
            int.Parse(hurry, CultureInfo.InvariantCulture)
        );
        return 0;
    case ["chaos", .. var options]:
        return await ChaosBenchmark.RunAsync(options);
    case ["chaos-run", var folder, var baseUrl, var home, var kind, var name, var endpoint, var clock]:
        await ChaosRun.ExecuteAsync(
            folder,
            baseUrl,
            home,
            new ChaosTarget(kind, name),
            endpoint,
            int.Parse(clock, CultureInfo.InvariantCulture)
        );
        return 0;
    case ["drift", .. var options]:
        return await DriftBenchmark.RunAsync(options);
    case ["destroy", .. var options]:
        return await DestroyBenchmark.RunAsync(options);
    case ["chats", .. var options]:
        return await ChatsBenchmark.RunAsync(options);
    case ["drive-tenant", var folder, var port, var shape]:
        await DriveTenant.ServeAsync(folder, int.Parse(port, CultureInfo.InvariantCulture), shape);
        return 0;
    case ["drive-run", var folder, var baseUrl, var home, var prefix, var endpoint]:
        await BackupProcess.RunAsync(
            folder,
            baseUrl,
            home,
            new SourceSettings { OneDrive = new DriveSelection() },
            BackupProcess.S3(prefix, endpoint)
        );
        return 0;
    case ["drive-restore", _, _, var home, _, _, var destination]:
        await BackupProcess.RestoreAsync(new BackupEngine(home), destination);
        return 0;
    case ["tenant", var folder, var users, var mails, var latency]:
        await Tenant.ServeAsync(
            folder,
            int.Parse(users, CultureInfo.InvariantCulture),
            int.Parse(mails, CultureInfo.InvariantCulture),
            int.Parse(latency, CultureInfo.InvariantCulture)
        );
        return 0;
    case ["mail-run", var folder, var baseUrl]:
        await BackupProcess.RunAsync(
            folder,
            baseUrl,
            Path.Combine(folder, "home"),
            new SourceSettings { Mail = new MailSelection() },
            BackupProcess.Folder(folder)
        );
        return 0;
    case ["backup", var repository, var source]:
        await FolderCopy.BackupAsync(repository, source);
        return 0;
    case ["restore", var repository, var target]:
        await FolderCopy.RestoreAsync(repository, target);
        return 0;
    default:
        Console.Error.WriteLine(
            "Usage: dotnet run -c Release --project tests/Benchmarks -- all | repository [--runs 5] | mail [--rounds 5] | "
                + "drive [--rounds 5] [--items 1000000] [--no-peers] | search | startup | receiver [--seconds 20] [--kills "
                + "20] [--seed 1] | index | scale | workers [--count 8] [--kill 1] [--pause 1] | chaos [--kills 100] "
                + "[--seed 1] | drift [--seeds 500] [--seed N] | destroy [--seeds 200] [--seed N] | chats [--exports "
                + "2000] [--seed N]"
        );
        return 2;
}

// Pairs of names and numbers; null if one of them is not a number.
static (int Seconds, int Kills, int Seed)? ReceiverOptions(string[] options)
{
    var (seconds, kills, seed) = (20, 20, 1);
    for (var i = 0; i < options.Length; i += 2)
    {
        if (i + 1 >= options.Length || !int.TryParse(options[i + 1], CultureInfo.InvariantCulture, out var value) || value < 0)
            return null;
        switch (options[i])
        {
            case "--seconds":
                seconds = Math.Max(1, value);
                break;
            case "--kills":
                kills = value;
                break;
            case "--seed":
                seed = value;
                break;
            default:
                return null;
        }
    }

    return (seconds, kills, seed);
}
