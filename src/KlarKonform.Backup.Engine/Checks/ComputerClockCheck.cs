namespace KlarKonform.Backup.Engine.Checks;

/// <summary>Whether this computer's clock is right, if Microsoft's says what time it is.</summary>
internal sealed class ComputerClockCheck : IConnectionCheck
{
    // Entra ID and S3 refuse signatures whose time is off by 5 and 15 minutes respectively; snapshots and retention need a clock more exact
    // than that.
    private static readonly TimeSpan s_tolerance = TimeSpan.FromMinutes(1);

    public string Title => Texts.Get("Check_Clock");

    public IReadOnlyList<Type> Needs => [typeof(TlsCheck)];

    public Task<CheckOutcome?> RunAsync(CheckContext context, CancellationToken cancellationToken)
    {
        var outcome = context.ClockAhead switch
        {
            null => null,
            { } ahead when ahead.Duration() <= s_tolerance => CheckOutcome.Works(),
            { } ahead => CheckOutcome.Warning(Texts.Get("Check_ClockOff", ahead)),
        };
        return Task.FromResult(outcome);
    }
}
