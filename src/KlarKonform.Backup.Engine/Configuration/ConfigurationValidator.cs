using System.Text.RegularExpressions;

namespace KlarKonform.Backup.Engine.Configuration;

/// <summary>Finds the first field that cannot work, before anything is written or contacted.</summary>
internal static partial class ConfigurationValidator
{
    private const int KnownVersion = 1;
    private const long MinRate = 4096;

    // A hundred years in days: beyond, calendars end.
    private const int MaxKeep = 36_500;

    // SharePoint's own default for major versions of a file.
    private const int MaxVersions = 500;

    public static bool IsName(string name) => NameForm().IsMatch(name);

    /// <summary>Whether a policy can work: its own rules are for Custom, and Custom needs one.</summary>
    /// <exception cref="BackupException">ConfigurationFieldInvalid, with the field and the fix.</exception>
    public static void Validate(string name, RetentionSettings retention)
    {
        void Refuse(string field, string text, params object?[] arguments) =>
            throw new BackupException("ConfigurationFieldInvalid", BackupErrorCategory.InvalidArgument, name, name, field, Texts.Get(text, arguments));
        if (!Enum.IsDefined(retention.Preset))
            Refuse("retention.preset", "FieldOneOf", string.Join(", ", Enum.GetNames<RetentionPreset>()));
        var keep = retention.Keep;
        if (retention.Preset != RetentionPreset.Custom && keep is not null)
            Refuse("retention.keep", "FieldKeepPreset", retention.Preset);
        (string Field, int? Count)[] rules = [("days", keep?.Days), ("last", keep?.Last), ("hourly", keep?.Hourly), ("daily", keep?.Daily), ("weekly", keep?.Weekly), ("monthly", keep?.Monthly), ("yearly", keep?.Yearly)];
        foreach (var (field, count) in rules)
        {
            if (count is < 0 or > MaxKeep)
                Refuse("retention.keep." + field, "FieldKeepRange", MaxKeep);
        }

        if (retention.Preset == RetentionPreset.Custom && rules.All(rule => rule.Count is null or 0))
            Refuse("retention.keep", "FieldKeepMissing");
    }

    /// <exception cref="BackupException">ConfigurationFieldInvalid, with the field and the fix.</exception>
    public static void Validate(BackupConfiguration configuration)
    {
        void Refuse(string field, string text, params object?[] arguments) =>
            throw new BackupException("ConfigurationFieldInvalid", BackupErrorCategory.InvalidArgument, configuration.Name, configuration.Name, field, Texts.Get(text, arguments));
        void Demand(string field, string? value)
        {
            if (string.IsNullOrWhiteSpace(value))
                Refuse(field, "FieldMissing");
        }

        void Secret(string field, string? value, bool needed)
        {
            if (needed)
                Demand(field, value);
            if (value is not null && !IsSecret(value))
                Refuse(field, "FieldSecretReference", value);
        }

        void Secure(string field, Uri? value, bool needed)
        {
            if (value is null && needed)
                Refuse(field, "FieldMissing");
            if (value is not null && !IsSecure(value))
                Refuse(field, "FieldHttps", value);
        }

        if (configuration.Version != KnownVersion)
            Refuse("version", "FieldVersion", configuration.Version);
        if (!IsName(configuration.Name))
            Refuse("name", "FieldName");
        foreach (var (section, value) in ((string, object?)[])[("tenant", configuration.Tenant), ("tenant.auth", configuration.Tenant?.Auth),
            ("sources", configuration.Sources), ("target", configuration.Target), ("repository", configuration.Repository)])
        {
            // JSON can say null where the type cannot.
            if (value is null)
                Refuse(section, "FieldMissing");
        }

        Demand("tenant.id", configuration.Tenant!.Id);
        var auth = configuration.Tenant.Auth;
        if (auth.Method != AuthenticationMethod.ManagedIdentity)
            Demand("tenant.clientId", configuration.Tenant.ClientId);
        Secret("tenant.auth.secret", auth.Secret, needed: auth.Method == AuthenticationMethod.ClientSecret || (auth.Method == AuthenticationMethod.ClientCertificate && auth.Thumbprint is null));
        Secret("tenant.auth.certificatePassword", auth.CertificatePassword, needed: false);
        if (auth.Thumbprint is not null && !ThumbprintForm().IsMatch(auth.Thumbprint))
            Refuse("tenant.auth.thumbprint", "FieldThumbprint");
        if (auth is { Thumbprint: not null, Secret: not null })
            Refuse("tenant.auth.thumbprint", "FieldOneCertificate");
        var custom = configuration.Tenant.Cloud == BackupCloud.Custom;
        Secure("tenant.authorityHost", configuration.Tenant.AuthorityHost, custom);
        Secure("tenant.graphEndpoint", configuration.Tenant.GraphEndpoint, custom);
        if (configuration.Sources is { Mail: null, Calendar: null, Contacts: null, Directory: null, OneDrive: null, SharePoint: null, WhatsApp: null })
            Refuse("sources", "FieldSources");
        foreach (var (field, count) in ((string, int?)[])[("sources.oneDrive.olderVersions", configuration.Sources.OneDrive?.OlderVersions), ("sources.sharePoint.olderVersions", configuration.Sources.SharePoint?.OlderVersions)])
        {
            if (count is < 0 or > MaxVersions)
                Refuse(field, "FieldVersions");
        }

        if (configuration.Notification is { } notification)
        {
            Secret("notification.webhook", notification.Webhook, needed: false);
            if (notification.MailFrom is null != (notification.MailTo is null or { Count: 0 }))
                Refuse(notification.MailFrom is null ? "notification.mailFrom" : "notification.mailTo", "FieldMissing");
        }

        if (configuration.Schedule is { } schedule)
        {
            Demand("schedule.cron", schedule.Cron);
            try
            {
                Scheduling.CronSchedule.Of(schedule);
            }
            catch (BackupException exception)
            {
                Refuse(exception.ErrorId == "ScheduleInvalid" ? "schedule.cron" : "schedule.timeZone", "FieldSchedule", exception.Message);
            }
        }

        if (configuration.Retention is { } retention)
            Validate(configuration.Name, retention);
        Secret("repository.password", configuration.Repository.Password, needed: true);
        Validate(configuration.Name, "target", configuration.Target);
        if (configuration.Sources.WhatsApp is { } chats)
            Validate(configuration.Name, chats);
    }

    /// <summary>Whether chats can be found.</summary>
    /// <exception cref="BackupException">ConfigurationFieldInvalid, with the field and the fix.</exception>
    private static void Validate(string name, WhatsAppSettings chats)
    {
        var refuse = Refusal(name);
        if (chats is { Exports: null or { Count: 0 }, Webhooks: null })
            refuse("sources.whatsApp", "FieldWhatsApp", []);
        if (chats.DeletedMessages is { } policy && !Enum.IsDefined(policy))
            refuse("sources.whatsApp.deletedMessages", "FieldOneOf", [string.Join(", ", Enum.GetNames<DeletedMessagesPolicy>())]);
        foreach (var (export, i) in (chats.Exports ?? []).Select((export, i) => (export, i)))
        {
            var field = $"sources.whatsApp.exports[{i}]";
            if (string.IsNullOrWhiteSpace(export.Number))
                refuse(field + ".number", "FieldMissing", []);
            if (export.Location is null == export.OneDrive is null)
                refuse(field, "FieldExportPlace", []);
            if (export.OneDrive is { } folder && (string.IsNullOrWhiteSpace(folder.User) || string.IsNullOrWhiteSpace(folder.Path)))
                refuse(field + ".oneDrive", "FieldMissing", []);
            if (export.Location is { } location)
                Validate(name, field + ".location", location);
            if (export.TimeZone is { } zone && Formats.TimeZones.Find(zone) is null)
                refuse(field + ".timeZone", "FieldTimeZone", [zone]);
            if (export.DateOrder is not (null or "DayFirst" or "MonthFirst"))
                refuse(field + ".dateOrder", "FieldOneOf", ["DayFirst, MonthFirst"]);
        }

        if (chats.Webhooks is not { } webhooks)
            return;
        if (webhooks.Spool is null)
            refuse("sources.whatsApp.webhooks.spool", "FieldMissing", []);
        Validate(name, "sources.whatsApp.webhooks.spool", webhooks.Spool!);
        foreach (var (field, value) in ((string, string?)[])[("appSecret", webhooks.AppSecret), ("verifyToken", webhooks.VerifyToken), ("accessToken", webhooks.AccessToken)])
        {
            if (value is not null && !IsSecret(value))
                refuse("sources.whatsApp.webhooks." + field, "FieldSecretReference", [value]);
        }

        if (webhooks.Endpoint is { } endpoint && !IsSecure(endpoint))
            refuse("sources.whatsApp.webhooks.endpoint", "FieldHttps", [endpoint]);
    }

    private static Action<string, string, object?[]> Refusal(string name) => (field, text, arguments) =>
        throw new BackupException("ConfigurationFieldInvalid", BackupErrorCategory.InvalidArgument, name, name, field, Texts.Get(text, arguments));

    private static bool IsSecret(string value) => value.IndexOf('/', StringComparison.Ordinal) > 0 && !value.EndsWith('/');

    private static bool IsSecure(Uri value) => value.IsAbsoluteUri && (value.Scheme == Uri.UriSchemeHttps || (value.Scheme == Uri.UriSchemeHttp && value.IsLoopback));

    // A place for the repository, or one where chats are dropped.
    private static void Validate(string name, string section, TargetSettings target)
    {
        var refusal = Refusal(name);
        void Refuse(string field, string text, params object?[] arguments) => refusal(section + field["target".Length..], text, arguments);
        void Demand(string field, string? value)
        {
            if (string.IsNullOrWhiteSpace(value))
                Refuse(field, "FieldMissing");
        }

        void Secret(string field, string? value, bool needed)
        {
            if (needed)
                Demand(field, value);
            if (value is not null && !IsSecret(value))
                Refuse(field, "FieldSecretReference", value);
        }

        foreach (var (field, limit) in ((string, long?)[])[("target.uploadLimit", target.UploadLimit), ("target.downloadLimit", target.DownloadLimit)])
        {
            // Slower, and a pack of 16 MiB takes longer than an hour.
            if (limit < MinRate)
                Refuse(field, "FieldMinimum", MinRate);
        }

        switch (target.Type)
        {
            case TargetType.Folder:
                Demand("target.path", target.Path);
                if (!Path.IsPathFullyQualified(target.Path!))
                    Refuse("target.path", "FieldAbsolutePath", target.Path);
                break;
            case TargetType.Sftp:
                Demand("target.host", target.Host);
                Demand("target.path", target.Path);
                Demand("target.hostKey", target.HostKey);
                if (!HostKeyForm().IsMatch(target.HostKey!))
                    Refuse("target.hostKey", "FieldHostKey");
                Secret("target.privateKey", target.PrivateKey, needed: false);
                Secret("target.privateKeyPassphrase", target.PrivateKeyPassphrase, needed: false);
                Secret("target.credential", target.Credential, needed: target.PrivateKey is null);
                if (target.PrivateKey is not null && target.Credential is null)
                    Demand("target.userName", target.UserName);
                break;
            default:
                Demand("target.bucket", target.Bucket);
                if (target.Endpoint is { } endpoint && !IsSecure(endpoint))
                    Refuse("target.endpoint", "FieldHttps", endpoint);
                Secret("target.credential", target.Credential, needed: target.UseDefaultCredentials != true);
                if (target.UseDefaultCredentials == true && target.Credential is not null)
                    Refuse("target.useDefaultCredentials", "FieldDefaultCredentials");
                if (target.ServerSideEncryption is not (null or "AES256" or "aws:kms"))
                    Refuse("target.serverSideEncryption", "FieldOneOf", "AES256, aws:kms");
                if (target.KmsKeyId is not null && target.ServerSideEncryption != "aws:kms")
                    Refuse("target.kmsKeyId", "FieldKmsKey");
                if (target.Proxy is { } proxy && (!proxy.IsAbsoluteUri || proxy.Scheme is not ("http" or "https")))
                    Refuse("target.proxy", "FieldProxy", proxy);
                break;
        }
    }

    [GeneratedRegex(@"^[\p{L}\p{Nd}_-](?:[\p{L}\p{Nd} ._-]{0,62}[\p{L}\p{Nd}_-])?$")]
    private static partial Regex NameForm();

    // SHA-1, as certificate stores show it.
    [GeneratedRegex("^[0-9A-Fa-f]{40}$")]
    private static partial Regex ThumbprintForm();

    // 32 bytes of SHA-256 in base64 without padding, as OpenSSH prints them.
    [GeneratedRegex("^SHA256:[A-Za-z0-9+/]{43}=?$")]
    private static partial Regex HostKeyForm();
}
