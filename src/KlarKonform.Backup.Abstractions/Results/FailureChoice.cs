namespace KlarKonform.Backup;

/// <summary>Identifies a failure. Properties that are null are not compared.</summary>
public sealed record FailureChoice
{
    /// <summary>The item's id, as in <see cref="ItemFailure.ItemId"/>.</summary>
    public required string ItemId { get; init; }

    /// <summary>The resource's kind.</summary>
    public string? Kind { get; init; }

    /// <summary>The resource's name.</summary>
    public string? Resource { get; init; }

    /// <summary>The error's code.</summary>
    public string? Code { get; init; }

    /// <summary>Whether it identifies a failure.</summary>
    public bool Means(string kind, string resource, string itemId, string code) =>
        ItemId == itemId
        && (Code is null || Code == code)
        && (Kind is null || string.Equals(Kind, kind, StringComparison.OrdinalIgnoreCase))
        && (Resource is null || string.Equals(Resource, resource, StringComparison.OrdinalIgnoreCase));
}
