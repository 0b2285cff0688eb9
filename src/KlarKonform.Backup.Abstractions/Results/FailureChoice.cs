namespace KlarKonform.Backup;

/// <summary>Which failure is meant. What is null is not asked about.</summary>
public sealed record FailureChoice
{
    /// <summary>The item's id, as <see cref="ItemFailure.ItemId"/> has it.</summary>
    public required string ItemId { get; init; }

    /// <summary>The resource's kind.</summary>
    public string? Kind { get; init; }

    /// <summary>The resource's name.</summary>
    public string? Resource { get; init; }

    /// <summary>The error's code.</summary>
    public string? Code { get; init; }

    /// <summary>Whether a failure is meant.</summary>
    public bool Means(string kind, string resource, string itemId, string code) => ItemId == itemId && (Code is null || Code == code)
        && (Kind is null || string.Equals(Kind, kind, StringComparison.OrdinalIgnoreCase))
        && (Resource is null || string.Equals(Resource, resource, StringComparison.OrdinalIgnoreCase));
}
