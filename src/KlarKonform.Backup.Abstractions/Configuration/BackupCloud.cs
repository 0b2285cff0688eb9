namespace KlarKonform.Backup;

/// <summary>Microsoft's clouds.</summary>
public enum BackupCloud
{
    /// <summary>The worldwide cloud.</summary>
    Global,

    /// <summary>US Government L4.</summary>
    UsGov,

    /// <summary>US Government L5 (DoD).</summary>
    UsGovDod,

    /// <summary>China, operated by 21Vianet.</summary>
    China,

    /// <summary>Hosts named in the configuration.</summary>
    Custom,
}
