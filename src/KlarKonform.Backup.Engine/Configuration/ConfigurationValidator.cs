using System.Text.RegularExpressions;
using KlarKonform.Backup.Repository.Writing;

namespace KlarKonform.Backup.Engine.Configuration;

/// <summary>Finds the first field that cannot work, before anything is written or contacted.</summary>
internal static partial class ConfigurationValidator
{
    private const int KnownVersion = 1;
    private const long MinRate = 4096;

    // A hundred years in days: beyond that, dates overflow.
    private const int MaxKeep = 36_500;

    // SharePoint's own default for major versions of a file.
    private const int MaxVersions = 500;

    private static readonly System.Buffers.SearchValues<char> s_noUserName = System.Buffers.SearchValues.Create("[]()<>\\,;:\"/ \t");

    public static bool IsName(string name) => NameForm().IsMatch(name);

    /// <summary>Whether a policy can work: only Custom has rules of its own, and it needs at least one.</summary>
    /// <exception cref="BackupException">ConfigurationFieldInvalid, with the field and the fix.</exception>
    public static void Validate(string name, RetentionSettings retention)
    {
        var rules = new FieldRules(name, "");
        if (!Enum.IsDefined(retention.Preset))
            rules.Refuse("retention.preset", "FieldOneOf", string.Join(", ", Enum.GetNames<RetentionPreset>()));
        var keep = retention.Keep;
        if (retention.Preset != RetentionPreset.Custom && keep is not null)
            rules.Refuse("retention.keep", "FieldKeepPreset", retention.Preset);
        (string Field, int? Count)[] counts =
        [
            ("days", keep?.Days),
            ("last", keep?.Last),
            ("hourly", keep?.Hourly),
            ("daily", keep?.Daily),
            ("weekly", keep?.Weekly),
            ("monthly", keep?.Monthly),
            ("yearly", keep?.Yearly),
        ];
        foreach (var (field, count) in counts)
        {
            if (count is < 0 or > MaxKeep)
                rules.Refuse("retention.keep." + field, "FieldRange", 0, MaxKeep);
        }

        if (retention.Preset == RetentionPreset.Custom && counts.All(each => each.Count is null or 0))
            rules.Refuse("retention.keep", "FieldKeepMissing");
    }

    /// <summary>
    /// Whether a configuration that is entered now can work. Stricter than the check of an existing file: a pattern that never matched
    /// anything must not stop the backups of those that do match.
    /// </summary>
    /// <exception cref="BackupException">ConfigurationFieldInvalid, with the field and the fix.</exception>
    public static void ValidateNew(BackupConfiguration configuration)
    {
        Validate(configuration);
        if (!configuration.Tenant.Id.All(sign => char.IsAsciiLetterOrDigit(sign) || sign is '.' or '-'))
            new FieldRules(configuration.Name, "").Refuse("tenant.id", "FieldTenant", configuration.Tenant.Id);
        var whole = new FieldRules(configuration.Name, "");
        whole.Anonymous("tenant.authorityHost", configuration.Tenant.AuthorityHost);
        whole.Anonymous("tenant.graphEndpoint", configuration.Tenant.GraphEndpoint);
        whole.Anonymous("sources.whatsApp.webhooks.endpoint", configuration.Sources.WhatsApp?.Webhooks?.Endpoint);
        foreach (var (place, target) in Places(configuration))
        {
            whole.Anonymous(place + ".endpoint", target.Endpoint);
            whole.Anonymous(place + ".proxy", target.Proxy);
        }

        var rules = new FieldRules(configuration.Name, "sources");
        var sources = configuration.Sources;
        foreach (
            var (field, selection) in ((string, SourceSelection?)[])
                [
                    ("mail", sources.Mail),
                    ("calendar", sources.Calendar),
                    ("contacts", sources.Contacts),
                    ("oneDrive", sources.OneDrive),
                    ("sharePoint", sources.SharePoint),
                ]
        )
        {
            foreach (
                var (list, patterns) in ((string, IReadOnlyList<string>?)[])
                    [("include", selection?.Include), ("exclude", selection?.Exclude)]
            )
            {
                foreach (var pattern in patterns ?? [])
                {
                    if (string.IsNullOrWhiteSpace(pattern))
                        rules.Refuse($"{field}.{list}", "FieldPatternEmpty");

                    // No user name contains these, so the pattern could never match; a site's title may.
                    if (selection is not null && field != "sharePoint" && pattern.AsSpan().IndexOfAny(s_noUserName) is >= 0 and var at)
                        rules.Refuse($"{field}.{list}", "FieldPattern", pattern, pattern[at]);
                }
            }
        }
    }

    /// <exception cref="BackupException">ConfigurationFieldInvalid, with the field and the fix.</exception>
    public static void Validate(BackupConfiguration configuration)
    {
        var rules = new FieldRules(configuration.Name, "");
        if (configuration.Version != KnownVersion)
            rules.Refuse("version", "FieldVersion", configuration.Version);
        if (!IsName(configuration.Name))
            rules.Refuse("name", "FieldName");
        foreach (
            var (section, value) in ((string, object?)[])
                [
                    ("tenant", configuration.Tenant),
                    ("tenant.auth", configuration.Tenant?.Auth),
                    ("sources", configuration.Sources),
                    ("target", configuration.Target),
                    ("repository", configuration.Repository),
                ]
        )
        {
            // JSON can contain null where the type does not allow it.
            if (value is null)
                rules.Refuse(section, "FieldMissing");
        }

        rules.Demand("tenant.id", configuration.Tenant!.Id);
        var auth = configuration.Tenant.Auth;
        if (auth.Method != AuthenticationMethod.ManagedIdentity)
            rules.Demand("tenant.clientId", configuration.Tenant.ClientId);
        rules.Secret(
            "tenant.auth.secret",
            auth.Secret,
            needed: auth.Method == AuthenticationMethod.ClientSecret
                || (auth.Method == AuthenticationMethod.ClientCertificate && auth.Thumbprint is null)
        );
        rules.Secret("tenant.auth.certificatePassword", auth.CertificatePassword, needed: false);
        if (auth.Thumbprint is not null && !ThumbprintForm().IsMatch(auth.Thumbprint))
            rules.Refuse("tenant.auth.thumbprint", "FieldThumbprint");
        if (auth is { Thumbprint: not null, Secret: not null })
            rules.Refuse("tenant.auth.thumbprint", "FieldOneCertificate");
        var custom = configuration.Tenant.Cloud == BackupCloud.Custom;
        rules.Secure("tenant.authorityHost", configuration.Tenant.AuthorityHost, custom);
        rules.Secure("tenant.graphEndpoint", configuration.Tenant.GraphEndpoint, custom);
        if (
            configuration.Sources is
            { Mail: null, Calendar: null, Contacts: null, Directory: null, OneDrive: null, SharePoint: null, WhatsApp: null }
        )
            rules.Refuse("sources", "FieldSources");
        foreach (
            var (field, count) in ((string, int?)[])
                [
                    ("sources.oneDrive.olderVersions", configuration.Sources.OneDrive?.OlderVersions),
                    ("sources.sharePoint.olderVersions", configuration.Sources.SharePoint?.OlderVersions),
                ]
        )
        {
            if (count is < 0 or > MaxVersions)
                rules.Refuse(field, "FieldVersions");
        }

        if (configuration.Notification is { } notification)
        {
            rules.Secret("notification.webhook", notification.Webhook, needed: false);
            if (notification.MailFrom is null != (notification.MailTo is null or { Count: 0 }))
                rules.Refuse(notification.MailFrom is null ? "notification.mailFrom" : "notification.mailTo", "FieldMissing");
        }

        if (configuration.Schedule is { } schedule)
        {
            if (schedule.ShardCount is < 1 or > BackupOptions.MaxShards)
                rules.Refuse("schedule.shardCount", "FieldRange", 1, BackupOptions.MaxShards);
            rules.Demand("schedule.cron", schedule.Cron);
            try
            {
                CronSchedule.Of(schedule);
            }
            catch (BackupException exception)
            {
                rules.Refuse(
                    exception.ErrorId == ErrorIds.ScheduleInvalid ? "schedule.cron" : "schedule.timeZone",
                    "FieldSchedule",
                    exception.Message
                );
            }
        }

        if (configuration.Retention is { } retention)
            Validate(configuration.Name, retention);
        if (
            configuration.AcceptedFailures?.Any(each =>
                each is not { Kind: not null, Resource: not null, ItemId: not null, Code: not null }
                || string.IsNullOrWhiteSpace(each.Reason)
            ) == true
        )
            rules.Refuse("acceptedFailures", "FieldMissing");
        rules.Secret("repository.password", configuration.Repository.Password, needed: true);
        Validate(rules.Below("target"), configuration.Target);
        if (configuration.Sources.WhatsApp is { } chats)
            Validate(rules.Below("sources.whatsApp"), chats);
    }

    /// <summary>Whether chats can be found.</summary>
    /// <exception cref="BackupException">ConfigurationFieldInvalid, with the field and the fix.</exception>
    private static void Validate(FieldRules rules, WhatsAppSettings chats)
    {
        if (chats is { Exports: null or { Count: 0 }, Webhooks: null })
            rules.Refuse("", "FieldWhatsApp");
        if (chats.DeletedMessages is { } policy && !Enum.IsDefined(policy))
            rules.Refuse("deletedMessages", "FieldOneOf", string.Join(", ", Enum.GetNames<DeletedMessagesPolicy>()));
        foreach (var (export, i) in (chats.Exports ?? []).Select((export, i) => (export, i)))
        {
            var fields = rules.Below($"exports[{i}]");
            fields.Demand("number", export.Number);
            if (export.Location is null == export.OneDrive is null)
                fields.Refuse("", "FieldExportPlace");
            if (export.OneDrive is { } folder && (string.IsNullOrWhiteSpace(folder.User) || string.IsNullOrWhiteSpace(folder.Path)))
                fields.Refuse("oneDrive", "FieldMissing");
            if (export.Location is { } location)
                Validate(fields.Below("location"), location);
            if (export.TimeZone is { } zone && Formats.TimeZones.Find(zone) is null)
                fields.Refuse("timeZone", "FieldTimeZone", zone);
            if (export.DateOrder is not (null or "DayFirst" or "MonthFirst"))
                fields.Refuse("dateOrder", "FieldOneOf", "DayFirst, MonthFirst");
            if (export.SameChats?.Any(pair => string.IsNullOrWhiteSpace(pair.Key) || string.IsNullOrWhiteSpace(pair.Value)) == true)
                fields.Refuse("sameChats", "FieldMissing");
        }

        if (chats.Webhooks is not { } webhooks)
            return;
        var received = rules.Below("webhooks");
        if (webhooks.Spool is null)
            received.Refuse("spool", "FieldMissing");
        Validate(received.Below("spool"), webhooks.Spool!);
        received.Secret("appSecret", webhooks.AppSecret, needed: false);
        received.Secret("verifyToken", webhooks.VerifyToken, needed: false);
        received.Secret("accessToken", webhooks.AccessToken, needed: false);
        received.Secure("endpoint", webhooks.Endpoint, needed: false);
    }

    private static IEnumerable<(string Field, TargetSettings Target)> Places(BackupConfiguration configuration)
    {
        yield return ("target", configuration.Target);
        foreach (var (export, i) in (configuration.Sources.WhatsApp?.Exports ?? []).Select((export, i) => (export, i)))
        {
            if (export.Location is { } location)
                yield return ($"sources.whatsApp.exports[{i}].location", location);
        }

        if (configuration.Sources.WhatsApp?.Webhooks?.Spool is { } spool)
            yield return ("sources.whatsApp.webhooks.spool", spool);
    }

    // A place for the repository, or one where chats are delivered.
    private static void Validate(FieldRules rules, TargetSettings target)
    {
        foreach (var (field, limit) in ((string, long?)[])[("uploadLimit", target.UploadLimit), ("downloadLimit", target.DownloadLimit)])
        {
            // Any slower, and a pack of 16 MiB takes longer than an hour.
            if (limit < MinRate)
                rules.Refuse(field, "FieldMinimum", MinRate);
        }

        if (target.PackSizeMiB is { } size && size is < (WriterOptions.MinPackSize >> 20) or > (WriterOptions.MaxPackSize >> 20))
            rules.Refuse("packSizeMiB", "FieldRange", WriterOptions.MinPackSize >> 20, WriterOptions.MaxPackSize >> 20);

        switch (target.Type)
        {
            case TargetType.Folder:
                rules.Demand("path", target.Path);
                if (!Path.IsPathFullyQualified(target.Path!))
                    rules.Refuse("path", "FieldAbsolutePath", target.Path);
                break;
            case TargetType.Sftp:
                rules.Demand("host", target.Host);
                rules.Demand("path", target.Path);
                rules.Demand("hostKey", target.HostKey);
                if (!HostKeyForm().IsMatch(target.HostKey!))
                    rules.Refuse("hostKey", "FieldHostKey");
                rules.Secret("privateKey", target.PrivateKey, needed: false);
                rules.Secret("privateKeyPassphrase", target.PrivateKeyPassphrase, needed: false);
                rules.Secret("credential", target.Credential, needed: target.PrivateKey is null);
                if (target.PrivateKey is not null && target.Credential is null)
                    rules.Demand("userName", target.UserName);
                break;
            default:
                rules.Demand("bucket", target.Bucket);
                rules.Secure("endpoint", target.Endpoint, needed: false);
                rules.Secret("credential", target.Credential, needed: target.UseDefaultCredentials != true);
                if (target.UseDefaultCredentials == true && target.Credential is not null)
                    rules.Refuse("useDefaultCredentials", "FieldDefaultCredentials");
                if (target.ServerSideEncryption is not (null or "AES256" or "aws:kms"))
                    rules.Refuse("serverSideEncryption", "FieldOneOf", "AES256, aws:kms");
                if (target.KmsKeyId is not null && target.ServerSideEncryption != "aws:kms")
                    rules.Refuse("kmsKeyId", "FieldKmsKey");
                if (target.Proxy is { } proxy && (!proxy.IsAbsoluteUri || proxy.Scheme is not ("http" or "https")))
                    rules.Refuse("proxy", "FieldProxy", FieldRules.Shown(proxy));
                break;
        }
    }

    [GeneratedRegex(@"^[\p{L}\p{Nd}_-](?:[\p{L}\p{Nd} ._-]{0,62}[\p{L}\p{Nd}_-])?\z")]
    private static partial Regex NameForm();

    // SHA-1, as certificate stores show it.
    [GeneratedRegex(@"^[0-9A-Fa-f]{40}\z")]
    private static partial Regex ThumbprintForm();

    // 32 bytes of SHA-256 in base64 without padding, as OpenSSH prints them.
    [GeneratedRegex(@"^SHA256:[A-Za-z0-9+/]{43}=?\z")]
    private static partial Regex HostKeyForm();
}
