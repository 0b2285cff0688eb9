namespace KlarKonform.Backup.Engine.Checks;

/// <summary>One thing that a run needs, and how to find out whether it works.</summary>
internal interface IConnectionCheck
{
    /// <summary>What is checked, in the language of the user.</summary>
    string Title { get; }

    /// <summary>The checks that must not have failed: they open what this one uses.</summary>
    IReadOnlyList<Type> Needs => [];

    /// <summary>Checks it. Whatever it throws is its failure.</summary>
    /// <returns>Null if there is nothing to say about it.</returns>
    Task<CheckOutcome?> RunAsync(CheckContext context, CancellationToken cancellationToken);
}
