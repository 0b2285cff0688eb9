namespace KlarKonform.Backup;

/// <summary>Which snapshots stay, and which deleted items. Without this section nothing is removed after a backup.</summary>
public sealed record RetentionSettings
{
    /// <summary>The preset that says how long.</summary>
    public RetentionPreset Preset { get; init; } = RetentionPreset.Standard;

    /// <summary>The rules of <see cref="RetentionPreset.Custom"/>.</summary>
    public KeepSettings? Keep { get; init; }

    /// <summary>
    /// What happens to deleted items; if not set, Extended and Legal keep them, because thinned snapshots might never have contained them.
    /// </summary>
    public DeletedItemsPolicy? DeletedItems { get; init; }

    /// <summary>The policy in force for deleted items.</summary>
    public DeletedItemsPolicy DeletedItemsOrDefault() =>
        DeletedItems
        ?? (
            Preset is RetentionPreset.Extended or RetentionPreset.Legal
                ? DeletedItemsPolicy.KeepUntilRetention
                : DeletedItemsPolicy.DropWithSource
        );
}
