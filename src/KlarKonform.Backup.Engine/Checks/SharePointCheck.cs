using KlarKonform.Backup.Graph.Sites;

namespace KlarKonform.Backup.Engine.Checks;

/// <summary>Whether sites can be read: names the first one.</summary>
internal sealed class SharePointCheck : IConnectionCheck
{
    public string Title => Texts.Get("Check_SharePoint");

    public IReadOnlyList<Type> Needs => [typeof(SignInCheck)];

    public async Task<CheckOutcome?> RunAsync(CheckContext context, CancellationToken cancellationToken)
    {
        await foreach (var site in new SiteApi(context.Graph.Client).AllAsync(cancellationToken))
            return CheckOutcome.Passed(site.WebUrl.AbsoluteUri);
        return CheckOutcome.Warning(Texts.Get("Check_NothingToProbe"));
    }
}
