namespace KlarKonform.Backup.Repository.Checking;

/// <summary>Something in the repository that is not as it should be.</summary>
/// <param name="Kind">What is wrong.</param>
/// <param name="Name">The pack, tree or blob concerned.</param>
/// <param name="Detail">More about it.</param>
public sealed record CheckProblem(CheckProblemKind Kind, string Name, string Detail);
