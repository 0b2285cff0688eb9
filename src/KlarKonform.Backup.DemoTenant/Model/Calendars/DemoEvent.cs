namespace KlarKonform.Backup.DemoTenant.Model;

/// <summary>A single event, a series or an exception of one.</summary>
public sealed class DemoEvent
{
    public required string Id { get; init; }

    public required string CalendarId { get; set; }

    public required string Subject { get; set; }

    public string Html { get; set; } = "";

    /// <summary>UTC; for an all-day event midnight of its date.</summary>
    public required DateTime Start { get; set; }

    public required DateTime End { get; set; }

    public bool IsAllDay { get; set; }

    public bool IsCancelled { get; set; }

    public bool IsOnline { get; init; }

    /// <summary>Windows' name of the zone in which it was created.</summary>
    public string Zone { get; init; } = "W. Europe Standard Time";

    public string ShowAs { get; set; } = "busy";

    public string Sensitivity { get; set; } = "normal";

    public string Importance { get; set; } = "normal";

    public string Location { get; set; } = "Besprechungsraum 1, „Süd“";

    public IReadOnlyList<string> Categories { get; set; } = [];

    public int ReminderMinutes { get; set; } = 15;

    /// <summary>Null: all except all-day events have a reminder.</summary>
    public bool? IsReminderOn { get; set; }

    /// <summary>singleValueExtendedProperties, by their ids.</summary>
    public Dictionary<string, string> Extended { get; } = new(StringComparer.OrdinalIgnoreCase);

    public DemoRecurrence? Recurrence { get; init; }

    /// <summary>For an exception: when the occurrence would have been; UTC.</summary>
    public DateTime? OriginalStart { get; init; }

    public List<DemoEvent> Exceptions { get; } = [];

    /// <summary>Dates of cancelled occurrences in the zone of the series.</summary>
    public List<DateOnly> Cancelled { get; } = [];

    public IReadOnlyList<(string Name, string Address, string Type, string Response)> Attendees { get; init; } = [];

    public IReadOnlyList<DemoAttachment> Attachments { get; set; } = [];

    public int Version { get; set; } = 1;

    public string ChangeKey => $"DQAAA{Version:D6}{Id[^6..]}";
}
