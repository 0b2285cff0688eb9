namespace KlarKonform.Backup;

/// <summary>A snapshot that retention removes.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Taken">When it was taken.</param>
public sealed record RemovedSnapshot(string Id, DateTimeOffset Taken);
