using System.Management.Automation;
using System.Security;
using KlarKonform.Backup.Cmdlets.Completion;

namespace KlarKonform.Backup.Cmdlets.Commands.Configuration;

/// <content>WhatsApp chats.</content>
public abstract partial class ConfigurationCommand
{
    /// <summary>Where exported chats are dropped.</summary>
    [Parameter]
    public string[]? WhatsAppExportPath { get; set; }

    /// <summary>The number or name of the telephone whose chats they are.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? WhatsAppNumber { get; set; }

    /// <summary>Time zone of that telephone.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TimeZoneCompleter))]
    public string? WhatsAppTimeZone { get; set; }

    /// <summary>Where webhooks wait for the next run.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? WhatsAppSpool { get; set; }

    /// <summary>Credential for places on SFTP or S3.</summary>
    [Parameter]
    [Credential]
    public PSCredential? WhatsAppCredential { get; set; }

    /// <summary>Host key of an SFTP place.</summary>
    [Parameter]
    public string? WhatsAppHostKey { get; set; }

    /// <summary>The app's secret.</summary>
    [Parameter]
    public SecureString? WhatsAppAppSecret { get; set; }

    /// <summary>The app's secret as vault/name.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(SecretNameCompleter))]
    public string? WhatsAppAppSecretName { get; set; }

    /// <summary>The verify token of the webhook handshake.</summary>
    [Parameter]
    public SecureString? WhatsAppVerifyToken { get; set; }

    /// <summary>The verify token of the webhook handshake as vault/name.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(SecretNameCompleter))]
    public string? WhatsAppVerifyTokenName { get; set; }

    /// <summary>The access token for media.</summary>
    [Parameter]
    public SecureString? WhatsAppAccessToken { get; set; }

    /// <summary>The access token for media as vault/name.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(SecretNameCompleter))]
    public string? WhatsAppAccessTokenName { get; set; }

    /// <summary>Meta's Graph endpoint.</summary>
    [Parameter]
    public Uri? WhatsAppEndpoint { get; set; }

    /// <summary>What happens to messages that their authors delete.</summary>
    [Parameter]
    public DeletedMessagesPolicy WhatsAppDeletedMessages { get; set; }

    private const string OneDrivePlace = "onedrive:";

    private WhatsAppSettings? ApplyWhatsApp(WhatsAppSettings? present, Func<string, object?, string?, string?, string?> secret)
    {
        var named = MyInvocation.BoundParameters.Keys.Any(parameter =>
            parameter.StartsWith("WhatsApp", StringComparison.OrdinalIgnoreCase)
        );
        if (!named && !Wanted("WhatsApp", present))
            return null;
        if (Source is not null && !Source.Contains("WhatsApp", StringComparer.OrdinalIgnoreCase) && !named)
            return null;
        present ??= new WhatsAppSettings();
        var webhooks = present.Webhooks;
        if (WhatsAppSpool is not null || webhooks is not null)
        {
            webhooks = (webhooks ?? new WhatsAppWebhookSettings { Spool = null! }) with
            {
                Spool = WhatsAppSpool is null ? webhooks!.Spool : Place(WhatsAppSpool, webhooks?.Spool, secret),
                AppSecret = secret("WhatsAppAppSecret", WhatsAppAppSecret, WhatsAppAppSecretName, webhooks?.AppSecret),
                VerifyToken = secret("WhatsAppVerifyToken", WhatsAppVerifyToken, WhatsAppVerifyTokenName, webhooks?.VerifyToken),
                AccessToken = secret("WhatsAppAccessToken", WhatsAppAccessToken, WhatsAppAccessTokenName, webhooks?.AccessToken),
                Endpoint = WhatsAppEndpoint ?? webhooks?.Endpoint,
            };
        }

        return present with
        {
            Exports = ApplyExports(present.Exports ?? [], secret) is { Count: > 0 } exports ? exports : null,
            Webhooks = webhooks,
            DeletedMessages = Given(nameof(WhatsAppDeletedMessages)) ? WhatsAppDeletedMessages : present.DeletedMessages,
        };
    }

    // The places of one telephone are replaced; those of others stay.
    private IReadOnlyList<WhatsAppExportSettings> ApplyExports(
        IReadOnlyList<WhatsAppExportSettings> present,
        Func<string, object?, string?, string?, string?> secret
    )
    {
        var number = WhatsAppNumber ?? (present.Select(export => export.Number).Distinct().ToArray() is [var only] ? only : null);
        if (WhatsAppExportPath is null && WhatsAppTimeZone is null)
            return present;
        if (number is null)
            throw new BackupException(ErrorIds.WhatsAppNumberMissing, BackupErrorCategory.InvalidArgument, "WhatsAppNumber");
        var own = present.Where(export => export.Number == number).ToArray();
        if (WhatsAppExportPath is null)
            return [.. present.Select(export => export.Number == number ? export with { TimeZone = WhatsAppTimeZone } : export)];
        return
        [
            .. present.Where(export => export.Number != number),
            .. WhatsAppExportPath.Select(path => new WhatsAppExportSettings
            {
                Number = number,
                TimeZone = WhatsAppTimeZone ?? own.FirstOrDefault()?.TimeZone,
                DateOrder = own.FirstOrDefault()?.DateOrder,
                SameChats = own.FirstOrDefault()?.SameChats,
                Location = path.StartsWith(OneDrivePlace, StringComparison.OrdinalIgnoreCase)
                    ? null
                    : Place(path, own.FirstOrDefault()?.Location, secret),
                OneDrive = path.StartsWith(OneDrivePlace, StringComparison.OrdinalIgnoreCase) ? Folder(path[OneDrivePlace.Length..]) : null,
            }),
        ];
    }

    // onedrive:user@company.example/Folder
    private static OneDriveFolder Folder(string place) =>
        place.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash && slash < place.Length - 1
            ? new OneDriveFolder { User = place[..slash], Path = place[(slash + 1)..] }
            : throw new BackupException(
                ErrorIds.WhatsAppPlaceInvalid,
                BackupErrorCategory.InvalidArgument,
                OneDrivePlace + place,
                OneDrivePlace + place
            );

    // A folder, sftp://host[:port]/folder, or s3://bucket[/prefix][?endpoint=…&region=…&ca=…].
    private TargetSettings Place(string place, TargetSettings? old, Func<string, object?, string?, string?, string?> secret)
    {
        if (!place.Contains("://", StringComparison.Ordinal))
            return new TargetSettings { Type = TargetType.Folder, Path = FullPath(place) };
        if (
            !Uri.TryCreate(place, UriKind.Absolute, out var address)
            || address.Host.Length == 0
            || address.Scheme is not ("sftp" or "s3")
            || address.UserInfo.Contains(':', StringComparison.Ordinal)
        )
            throw new BackupException(
                ErrorIds.WhatsAppPlaceInvalid,
                BackupErrorCategory.InvalidArgument,
                address?.Scheme,
                address is null ? place : $"{address.Scheme}://{address.Host}{address.AbsolutePath}"
            );
        var credential = secret("WhatsAppCredential", WhatsAppCredential, null, old?.Credential);
        if (address.Scheme == "sftp")
            return new TargetSettings
            {
                Type = TargetType.Sftp,
                Host = address.Host,
                Port = address.IsDefaultPort ? null : address.Port,
                Path = Uri.UnescapeDataString(address.AbsolutePath),
                HostKey = WhatsAppHostKey ?? old?.HostKey,
                Credential = credential,
            };
        var query = address
            .Query.TrimStart('?')
            .Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(pair => pair.Split('=', 2))
            .Where(pair => pair.Length == 2)
            .ToDictionary(pair => pair[0], pair => Uri.UnescapeDataString(pair[1]), StringComparer.OrdinalIgnoreCase);
        return new TargetSettings
        {
            Type = TargetType.S3,
            Bucket = address.Host,
            Prefix = Uri.UnescapeDataString(address.AbsolutePath).Trim('/') is { Length: > 0 } prefix ? prefix : null,
            Endpoint = query.TryGetValue("endpoint", out var endpoint) ? new Uri(endpoint) : null,
            Region = query.GetValueOrDefault("region"),
            CaCertificate = query.TryGetValue("ca", out var authority) ? FullPath(authority) : null,
            Credential = credential,
        };
    }
}
