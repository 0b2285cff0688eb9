namespace KlarKonform.Backup.Engine.Sources.Resources;

/// <summary>
/// Part of a resource was read, but not to its end: what was read is stored, and no conclusion is drawn about what was not seen.
/// </summary>
internal sealed class PartIncompleteException(ItemProblem problem) : Exception(problem.Message)
{
    public ItemProblem Problem => problem;
}
