using System.Globalization;

namespace KlarKonform.Backup.Benchmarks;

/// <summary>Arguments that are names with a number each, such as <c>--seeds 200</c>.</summary>
internal static class NumberArguments
{
    /// <summary>Reads them, overriding the defaults.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="usage">Printed if they cannot be read.</param>
    /// <param name="values">All names with their default numbers; changed.</param>
    /// <returns>Whether they could be read.</returns>
    public static bool TryRead(string[] arguments, string usage, Dictionary<string, int> values)
    {
        for (var i = 0; i < arguments.Length; i += 2)
        {
            var isLanes = arguments[i] == "--lanes";
            if (
                i + 1 == arguments.Length
                || !values.ContainsKey(arguments[i])
                || !int.TryParse(arguments[i + 1], CultureInfo.InvariantCulture, out var value)
                || value < (isLanes ? 1 : 0)
            )
            {
                Console.Error.WriteLine($"Usage: dotnet run -c Release --project tests/Benchmarks -- {usage}");
                return false;
            }

            values[arguments[i]] = value;
        }

        return true;
    }
}
