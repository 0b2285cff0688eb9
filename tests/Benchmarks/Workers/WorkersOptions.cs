using System.Globalization;

namespace KlarKonform.Backup.Benchmarks.Workers;

/// <summary>How many share a run, and what happens to them.</summary>
/// <param name="Count">Worker processes.</param>
/// <param name="Kill">How many of them are killed.</param>
/// <param name="Pause">How many are paused until the others have finished.</param>
/// <param name="Users">Mailboxes and drives.</param>
/// <param name="Hurry">How much faster the clock of the disturbed run goes: waiting until the paused ones count as silent takes
/// minutes.</param>
internal sealed record WorkersOptions(int Count, int Kill, int Pause, int Users, int Hurry)
{
    public const string Usage = "workers [--count 8] [--kill 1] [--pause 1] [--users 48] [--hurry 1]";

    public static WorkersOptions? Parse(string[] options)
    {
        var result = new WorkersOptions(8, 1, 1, 48, 1);
        for (var i = 0; i < options.Length; i += 2)
        {
            if (
                i + 1 == options.Length
                || !int.TryParse(options[i + 1], CultureInfo.InvariantCulture, out var number)
                || number < (options[i] is "--kill" or "--pause" ? 0 : 1)
            )
                return null;
            switch (options[i])
            {
                case "--count":
                    result = result with { Count = number };
                    break;
                case "--kill":
                    result = result with { Kill = number };
                    break;
                case "--pause":
                    result = result with { Pause = number };
                    break;
                case "--users":
                    result = result with { Users = number };
                    break;
                case "--hurry":
                    result = result with { Hurry = number };
                    break;
                default:
                    return null;
            }
        }

        return result.Kill + result.Pause < result.Count && result.Hurry <= 10 ? result : null;
    }
}
