using System.Collections.Concurrent;

namespace KlarKonform.Backup.Cmdlets.Hosting;

/// <summary>
/// Moves work from pool threads to the pipeline thread, the only one that may call PowerShell. The pipeline thread drains it until the
/// cmdlet's task has ended.
/// </summary>
internal sealed class PipelineQueue : IDisposable
{
    private readonly BlockingCollection<Action> _actions = new();

    /// <summary>Queues something to write; returns at once. After the cmdlet ended it is dropped.</summary>
    public void Post(Action action)
    {
        try
        {
            _actions.Add(action);
        }
        catch (InvalidOperationException)
        {
            // The pipeline was stopped or has ended: no one is listening any more.
        }
    }

    /// <summary>Runs something on the pipeline thread and waits for its result without blocking a thread.</summary>
    public Task<T> InvokeAsync<T>(Func<T> function, CancellationToken cancellationToken)
    {
        var completion = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() =>
        {
            try
            {
                completion.SetResult(function());
            }
            catch (Exception exception)
            {
                completion.SetException(exception);
                if (exception is System.Management.Automation.PipelineStoppedException)
                    throw;
            }
        });
        return completion.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Runs queued actions on the calling thread until the task ends.</summary>
    public void DrainUntil(Task task)
    {
        _ = task.ContinueWith(
            _ => _actions.CompleteAdding(),
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
        foreach (var action in _actions.GetConsumingEnumerable())
            action();
    }

    public void Dispose() => _actions.Dispose();
}
