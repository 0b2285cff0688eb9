using System.Globalization;

namespace KlarKonform.Backup.Benchmarks;

/// <summary>Arguments that are names with a number each, as <c>--seeds 200</c>.</summary>
internal static class NumberArguments
{
    /// <summary>Reads them over what holds without them.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="usage">What is told where they cannot be read.</param>
    /// <param name="values">Every name that there is, with its number; changed.</param>
    /// <returns>Whether they could be read.</returns>
    public static bool TryRead(string[] arguments, string usage, Dictionary<string, int> values)
    {
        for (var i = 0; i < arguments.Length; i += 2)
        {
            var isLanes = arguments[i] == "--lanes";
            if (i + 1 == arguments.Length || !values.ContainsKey(arguments[i])
                || !int.TryParse(arguments[i + 1], CultureInfo.InvariantCulture, out var value) || value < (isLanes ? 1 : 0))
            {
                Console.Error.WriteLine($"Usage: dotnet run -c Release --project tests/Benchmarks -- {usage}");
                return false;
            }

            values[arguments[i]] = value;
        }

        return true;
    }
}
