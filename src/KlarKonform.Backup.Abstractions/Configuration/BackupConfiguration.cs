namespace KlarKonform.Backup;

/// <summary>What to back up, from which tenant, to which repository. One JSON file.</summary>
/// <remarks>No JSON type appears here: the engine brings its own System.Text.Json, which differs from the shell's.</remarks>
public sealed record BackupConfiguration
{
    /// <summary>Version of the file format.</summary>
    public int Version { get; init; } = 1;

    /// <summary>Id in the tag <c>config:</c> of the snapshots; never changes.</summary>
    public Guid Id { get; init; }

    /// <summary>The configuration's name.</summary>
    public required string Name { get; init; }

    /// <summary>The Microsoft 365 tenant.</summary>
    public required TenantSettings Tenant { get; init; }

    /// <summary>What to back up: a section that is present is enabled.</summary>
    public required SourceSettings Sources { get; init; }

    /// <summary>Where the repository is stored.</summary>
    public required TargetSettings Target { get; init; }

    /// <summary>The repository's password.</summary>
    public required RepositorySettings Repository { get; init; }

    /// <summary>How long snapshots are kept; if null, nothing is removed after a backup.</summary>
    public RetentionSettings? Retention { get; init; }

    /// <summary>When it runs automatically, or null.</summary>
    public ScheduleSettings? Schedule { get; init; }

    /// <summary>Who is notified when the state of the runs changes, or null.</summary>
    public NotificationSettings? Notification { get; init; }

    /// <summary>Failures that an admin has accepted: they do not make a run Partial. Null for none.</summary>
    public IReadOnlyList<AcceptedFailure>? AcceptedFailures { get; init; }

    /// <summary>The vault names of every secret that a run needs, as <c>vault/name</c>.</summary>
    public IReadOnlyList<string> SecretNames() =>
        [
            .. new[]
            {
                Tenant.Auth.Secret,
                Tenant.Auth.CertificatePassword,
                Repository.Password,
                Target.Credential,
                Target.PrivateKey,
                Target.PrivateKeyPassphrase,
                Notification?.Webhook,
            }
                .Concat(Sources.WhatsApp?.SecretNames() ?? [])
                .OfType<string>()
                .Distinct(),
        ];
}
