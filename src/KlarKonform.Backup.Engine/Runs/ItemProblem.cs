namespace KlarKonform.Backup.Engine.Runs;

/// <summary>Why an item could not be backed up.</summary>
/// <param name="Code">A stable code for scripts.</param>
/// <param name="Message">What was found; never content.</param>
/// <param name="Hint">The catalog's key of what to do.</param>
/// <param name="IsPermanent">Whether another attempt is in vain as long as nobody changes anything.</param>
internal sealed record ItemProblem(string Code, string Message, string Hint, bool IsPermanent = false);
