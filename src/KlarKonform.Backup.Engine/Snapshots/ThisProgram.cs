namespace KlarKonform.Backup.Engine.Snapshots;

/// <summary>This program, as snapshots name it.</summary>
internal static class ThisProgram
{
    /// <summary>Its name with its version.</summary>
    public static string Name { get; } = $"KlarKonform Backup {typeof(ThisProgram).Assembly.GetName().Version?.ToString(3)}";
}
