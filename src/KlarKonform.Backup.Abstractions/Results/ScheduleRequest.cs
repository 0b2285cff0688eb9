namespace KlarKonform.Backup;

/// <summary>A schedule and how it is registered.</summary>
public sealed record ScheduleRequest
{
    /// <summary>When.</summary>
    public required ScheduleSettings Schedule { get; init; }

    /// <summary>Who starts it.</summary>
    public ScheduleMethod Method { get; init; }

    /// <summary>The PowerShell that is to run it.</summary>
    public required string PowerShell { get; init; }

    /// <summary>The module's manifest.</summary>
    public required string Module { get; init; }

    /// <summary>Only say what would be registered.</summary>
    public bool PlanOnly { get; init; }
}
