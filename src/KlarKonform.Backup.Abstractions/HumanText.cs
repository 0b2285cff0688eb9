using System.Globalization;

namespace KlarKonform.Backup;

/// <summary>Sizes, durations and states as people read them, in the culture's language. Thread-safe.</summary>
public static class HumanText
{
    private static readonly string[] s_units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    /// <summary>A size such as <c>1.5 GiB</c>, with the culture's decimal point.</summary>
    public static string Size(long bytes)
    {
        var (value, unit) = ((double)Math.Max(0, bytes), 0);
        for (; value >= 1000 && unit < s_units.Length - 1; unit++)
            value /= 1024;
        return string.Create(
            CultureInfo.CurrentCulture,
            $"{value.ToString(unit == 0 || value >= 100 ? "0" : "0.0", CultureInfo.CurrentCulture)} {s_units[unit]}"
        );
    }

    /// <summary>A duration such as <c>2 h 05 min</c> or <c>40 s</c>.</summary>
    public static string Duration(TimeSpan duration) =>
        duration switch
        {
            { TotalDays: >= 1 } => string.Create(CultureInfo.CurrentCulture, $"{(int)duration.TotalDays} d {duration.Hours} h"),
            { TotalHours: >= 1 } => string.Create(CultureInfo.CurrentCulture, $"{(int)duration.TotalHours} h {duration.Minutes:00} min"),
            { TotalMinutes: >= 1 } => string.Create(CultureInfo.CurrentCulture, $"{duration.Minutes} min {duration.Seconds:00} s"),
            _ => string.Create(CultureInfo.CurrentCulture, $"{Math.Max(0, (int)duration.TotalSeconds)} s"),
        };

    /// <summary>A state's name.</summary>
    public static string State(BackupState state) => Texts.Get("State_" + state);

    /// <summary>How much a failure covers, in one word.</summary>
    public static string Level(FailureLevel level) => Texts.Has("Level_" + level) ? Texts.Get("Level_" + level) : level.ToString();

    /// <summary>The text that says that a failure was accepted, and why.</summary>
    public static string Accepted(string reason) => Texts.Get("FailureAccepted", reason);

    /// <summary>A symbol for a state that needs no colour.</summary>
    /// <param name="state">The state.</param>
    /// <param name="plain">Whether only ASCII may be used, because the host cannot show anything else.</param>
    public static string Sign(BackupState state, bool plain = false) =>
        state switch
        {
            BackupState.Succeeded => plain ? "+" : "✔",
            BackupState.Partial => plain ? "!" : "▲",
            BackupState.Failed => plain ? "x" : "✖",
            BackupState.Running => plain ? ">" : "▶",
            _ => plain ? "-" : "○",
        };
}
