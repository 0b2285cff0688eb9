using System.Globalization;

namespace KlarKonform.Backup.Benchmarks.Chaos;

/// <summary>How much to break.</summary>
/// <param name="Kills">Killed runs for each kind of storage.</param>
/// <param name="Seed">Decides the times of the faults.</param>
/// <param name="Lanes">Concurrent runs for each kind of storage.</param>
/// <param name="Seconds">How long an undisturbed run takes.</param>
/// <param name="Faults">Whether to try the other faults too.</param>
internal sealed record ChaosOptions(int Kills, int Seed, int Lanes, int Seconds, bool Faults)
{
    public const string Usage = "chaos [--kills 100] [--seed 1] [--lanes 4] [--seconds 150] [--faults false]";

    public static ChaosOptions? Parse(string[] options)
    {
        var result = new ChaosOptions(100, 1, 4, 150, true);
        for (var i = 0; i < options.Length; i += 2)
        {
            if (i + 1 == options.Length)
                return null;
            if (options[i] == "--faults" && bool.TryParse(options[i + 1], out var faults))
                result = result with { Faults = faults };
            else if (
                int.TryParse(options[i + 1], CultureInfo.InvariantCulture, out var number)
                && number >= (options[i] == "--kills" ? 0 : 1)
                && options[i] is "--kills" or "--seed" or "--lanes" or "--seconds"
            )
                result = options[i] switch
                {
                    "--kills" => result with { Kills = number },
                    "--seed" => result with { Seed = number },
                    "--lanes" => result with { Lanes = number },
                    _ => result with { Seconds = number },
                };
            else
                return null;
        }

        return result;
    }
}
