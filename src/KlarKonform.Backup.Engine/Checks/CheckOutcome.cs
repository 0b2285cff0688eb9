namespace KlarKonform.Backup.Engine.Checks;

/// <summary>What a check found out. One that fails throws instead.</summary>
internal sealed record CheckOutcome
{
    private CheckOutcome(CheckResult result, string detail, string hint) => (Result, Detail, Hint) = (result, detail, hint);

    /// <summary>Passed or Warning.</summary>
    public CheckResult Result { get; }

    /// <summary>What was found; empty for a warning.</summary>
    public string Detail { get; }

    /// <summary>The next step; empty when it passed.</summary>
    public string Hint { get; }

    /// <summary>It works, and there is nothing to add.</summary>
    public static CheckOutcome Works() => Passed(Texts.Get("Check_Ok"));

    /// <summary>It works.</summary>
    public static CheckOutcome Passed(string detail) => new(CheckResult.Passed, detail, "");

    /// <summary>It works, or may work, but the admin should know something.</summary>
    public static CheckOutcome Warning(string hint) => new(CheckResult.Warning, "", hint);
}
