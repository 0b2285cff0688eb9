using KlarKonform.Backup.Engine.Connections;
using KlarKonform.Backup.Engine.Sources.WhatsApp.Locations;

namespace KlarKonform.Backup.Engine.Checks;

/// <summary>Whether a place where chats are left can be listed: counts the files there.</summary>
internal sealed class WhatsAppFilesCheck : IConnectionCheck
{
    private readonly string _title;
    private readonly Func<DropLocations, CancellationToken, Task<IDropLocation>> _open;

    private WhatsAppFilesCheck(string title, Func<DropLocations, CancellationToken, Task<IDropLocation>> open) =>
        (_title, _open) = (title, open);

    public string Title => Texts.Get(_title);

    public IReadOnlyList<Type> Needs => [typeof(SignInCheck)];

    /// <summary>The check of a place for exported chats.</summary>
    public static WhatsAppFilesCheck Of(WhatsAppExportSettings export) =>
        new("Check_WhatsAppExports", (places, cancellationToken) => places.OpenAsync(export, cancellationToken));

    /// <summary>The check of the place where the webhook receiver leaves messages.</summary>
    public static WhatsAppFilesCheck Of(WhatsAppWebhookSettings webhooks) =>
        new("Check_WhatsAppSpool", (places, cancellationToken) => places.OpenAsync(webhooks.Spool, cancellationToken));

    public async Task<CheckOutcome?> RunAsync(CheckContext context, CancellationToken cancellationToken)
    {
        var targets = new TargetFactory(context.Secrets, context.Time, context.Random);
        await using var place = await _open(new DropLocations(targets, context.Graph.Client), cancellationToken);
        var files = await place.ListAsync(cancellationToken);
        return CheckOutcome.Passed(Texts.Get("Check_WhatsAppFiles", place.Name, files.Count));
    }
}
