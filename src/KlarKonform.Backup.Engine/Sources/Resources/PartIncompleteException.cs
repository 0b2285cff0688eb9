namespace KlarKonform.Backup.Engine.Sources.Resources;

/// <summary>A part of a resource was read, but not to its end: what there is is stored, and nothing is concluded from what was not seen.</summary>
internal sealed class PartIncompleteException(ItemProblem problem) : Exception(problem.Message)
{
    public ItemProblem Problem => problem;
}
