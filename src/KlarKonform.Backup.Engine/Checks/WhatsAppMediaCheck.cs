namespace KlarKonform.Backup.Engine.Checks;

/// <summary>For webhooks without an access token: media cannot be fetched, which is not visible anywhere else.</summary>
internal sealed class WhatsAppMediaCheck : IConnectionCheck
{
    public string Title => Texts.Get("Check_WhatsAppMedia");

    public IReadOnlyList<Type> Needs => [typeof(SignInCheck)];

    public Task<CheckOutcome?> RunAsync(CheckContext context, CancellationToken cancellationToken) =>
        Task.FromResult<CheckOutcome?>(CheckOutcome.Warning(Texts.Get("Check_WhatsAppNoToken")));
}
