using KlarKonform.Backup.Engine.Reporting;

namespace KlarKonform.Backup.Engine;

/// <content>What is not in the backup, and who accepted it.</content>
public sealed partial class BackupEngine
{
    /// <inheritdoc />
    public async Task<AcceptedFailure> AcceptFailureAsync(
        string name,
        FailureChoice choice,
        string reason,
        string author,
        CancellationToken cancellationToken
    )
    {
        var configuration = await _configurations.GetAsync(name, cancellationToken);
        var missing = await Journal.MissingAsync(configuration, cancellationToken);
        var (changed, accepted) = Acceptances.Add(configuration, missing, choice, reason, author, _time.GetUtcNow());
        await _configurations.SaveAsync(changed, cancellationToken);
        return accepted;
    }

    /// <inheritdoc />
    public async Task<AcceptedFailure> RevokeAcceptanceAsync(string name, FailureChoice choice, CancellationToken cancellationToken)
    {
        var (changed, revoked) = Acceptances.Remove(await _configurations.GetAsync(name, cancellationToken), choice);
        await _configurations.SaveAsync(changed, cancellationToken);
        return revoked;
    }
}
