namespace KlarKonform.Backup;

/// <summary>Which snapshots stay, and what of deleted items. Without this section nothing is removed after a backup.</summary>
public sealed record RetentionSettings
{
    /// <summary>How long.</summary>
    public RetentionPreset Preset { get; init; } = RetentionPreset.Standard;

    /// <summary>The rules of <see cref="RetentionPreset.Custom"/>.</summary>
    public KeepSettings? Keep { get; init; }

    /// <summary>Deleted items; without it those of Extended and Legal stay, because thinned snapshots might never have seen them.</summary>
    public DeletedItemsPolicy? DeletedItems { get; init; }

    /// <summary>What holds for deleted items.</summary>
    public DeletedItemsPolicy DeletedItemsOrDefault() => DeletedItems
        ?? (Preset is RetentionPreset.Extended or RetentionPreset.Legal ? DeletedItemsPolicy.KeepUntilRetention : DeletedItemsPolicy.DropWithSource);
}
