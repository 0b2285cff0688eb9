namespace KlarKonform.Backup.DemoTenant.Http.Protocol;

/// <summary>
/// Passes answers on, changed if a test wants them changed. Otherwise they are sent as they are created, unbuffered. Thread-safe.
/// </summary>
internal sealed class ChangedAnswers
{
    private static readonly TimeSpan s_beforeCut = TimeSpan.FromMilliseconds(20);

    private Action<DemoAnswer>? _change;

    /// <summary>
    /// Called for every answer before it is sent, including those in batches, and for the batch (<c>/$batch</c>) itself; concurrently. Null
    /// for none.
    /// </summary>
    public Action<DemoAnswer>? Change
    {
        get => Volatile.Read(ref _change);
        set => Volatile.Write(ref _change, value);
    }

    /// <summary>Has a request answered, and the answer changed.</summary>
    /// <param name="context">The request.</param>
    /// <param name="path">Its path in the form of <see cref="DemoAnswer.Path"/>.</param>
    /// <param name="answer">Answers the request.</param>
    public async Task PassAsync(HttpContext context, string path, Func<HttpContext, Task> answer)
    {
        if (Change is not { } change)
        {
            await answer(context);
            return;
        }

        var line = context.Response.Body;
        using var body = new MemoryStream();
        context.Response.Body = body;
        try
        {
            await answer(context);
            await context.Response.BodyWriter.FlushAsync();
        }
        finally
        {
            context.Response.Body = line;
        }

        var made = new DemoAnswer
        {
            Method = context.Request.Method,
            Path = path,
            Query = context.Request.QueryString.Value ?? "",
            Prefer = context.Request.Headers["Prefer"].ToString(),
            Status = context.Response.StatusCode,
            Body = body.ToArray(),
            ContentType = context.Response.ContentType,
        };
        change(made);
        await SendAsync(context, made);
    }

    private static async Task SendAsync(HttpContext context, DemoAnswer answer)
    {
        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = answer.ContentType;
        foreach (var (name, value) in answer.Headers)
            context.Response.Headers[name] = value;
        var silent = answer.SilentAfter is not null;
        var cut = answer.SilentAfter ?? answer.CutAfter;
        context.Response.ContentLength = answer.Status is 204 or 304 ? null : answer.Body.Length;
        if (answer.SilentAfter == 0)
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }

        await context.Response.Body.WriteAsync(
            answer.Body.AsMemory(0, Math.Min(cut ?? int.MaxValue, answer.Body.Length)),
            context.RequestAborted
        );
        if (cut is null || cut >= answer.Body.Length)
            return;
        await context.Response.Body.FlushAsync(context.RequestAborted);

        // A cut drops what has not been sent yet: so the bytes before it are given time.
        await Task.Delay(silent ? Timeout.InfiniteTimeSpan : s_beforeCut, context.RequestAborted)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!silent)
            context.Abort();
    }
}
