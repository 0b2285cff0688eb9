namespace KlarKonform.Backup.Engine.Checks;

/// <summary>Whether the vault hands out every secret that the configuration names.</summary>
internal sealed class SecretsCheck : IConnectionCheck
{
    public string Title => Texts.Get("Check_Secrets");

    public async Task<CheckOutcome?> RunAsync(CheckContext context, CancellationToken cancellationToken)
    {
        foreach (var name in context.Configuration.SecretNames())
            await context.Secrets.GetAsync(SecretReference.Parse(name), cancellationToken);
        return CheckOutcome.Works();
    }
}
