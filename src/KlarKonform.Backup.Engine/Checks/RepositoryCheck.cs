using KlarKonform.Backup.Repository;

namespace KlarKonform.Backup.Engine.Checks;

/// <summary>Whether the repository, if there is one already, opens with the password.</summary>
internal sealed class RepositoryCheck : IConnectionCheck
{
    public string Title => Texts.Get("Check_Repository");

    public IReadOnlyList<Type> Needs => [typeof(StorageCheck)];

    public async Task<CheckOutcome?> RunAsync(CheckContext context, CancellationToken cancellationToken)
    {
        if (!await ResticRepository.ExistsAsync(context.Store, cancellationToken))
            return CheckOutcome.Passed(Texts.Get("Check_RepositoryNew"));
        var reference = SecretReference.Parse(context.Configuration.Repository.Password);
        var password = await context.Secrets.GetAsync(reference, cancellationToken);
        using var repository = await ResticRepository.OpenAsync(context.Store, password.Secret, cancellationToken);
        return CheckOutcome.Passed(repository.Config.Id[..8]);
    }
}
