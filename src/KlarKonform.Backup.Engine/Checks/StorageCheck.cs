using KlarKonform.Backup.Engine.Connections;

namespace KlarKonform.Backup.Engine.Checks;

/// <summary>Whether the storage can be reached, with which version of TLS. Opens it.</summary>
internal sealed class StorageCheck : IConnectionCheck
{
    public string Title => Texts.Get("Check_Storage");

    public async Task<CheckOutcome?> RunAsync(CheckContext context, CancellationToken cancellationToken)
    {
        var target = context.Configuration.Target;
        var store = await new TargetFactory(context.Secrets, context.Time, context.Random).OpenAsync(target, cancellationToken);
        context.Store = store;
        await store.PrepareAsync(create: target.Type != TargetType.S3, cancellationToken);
        if (target is not { Type: TargetType.S3, Endpoint: { } endpoint } || endpoint.Scheme != Uri.UriSchemeHttps)
            return CheckOutcome.Passed(store.Location);
        var seen = await EndpointProbe.AskAsync(endpoint, target.CaCertificate, target.Proxy, context.Time, cancellationToken);
        return CheckOutcome.Passed($"{store.Location}, {seen.Protocol}");
    }
}
