namespace KlarKonform.Backup;

/// <summary>A schedule and how it is registered.</summary>
public sealed record ScheduleRequest
{
    /// <summary>When to run.</summary>
    public required ScheduleSettings Schedule { get; init; }

    /// <summary>What starts it.</summary>
    public ScheduleMethod Method { get; init; }

    /// <summary>The PowerShell executable that runs it.</summary>
    public required string PowerShell { get; init; }

    /// <summary>The module's manifest.</summary>
    public required string Module { get; init; }

    /// <summary>Only report what would be registered.</summary>
    public bool PlanOnly { get; init; }
}
