using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;
using System.Security;

namespace KlarKonform.Backup.Demo;

/// <summary>The real PowerShell engine with the staged module and a vault in memory.</summary>
internal sealed class ModuleHost : IDisposable
{
    private readonly Runspace _runspace;

    /// <summary>Opens a session.</summary>
    /// <param name="host">Answers questions; by default no one does.</param>
    public ModuleHost(System.Management.Automation.Host.PSHost? host = null)
    {
        var initial = InitialSessionState.CreateDefault2();
        initial.ThrowOnRunspaceOpenError = true;
        _runspace = host is null ? RunspaceFactory.CreateRunspace(initial) : RunspaceFactory.CreateRunspace(host, initial);
        _runspace.Open();
        var module = typeof(ModuleHost)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(each => each.Key == "StagedModule")
            .Value!;
        Invoke("Import-Module $args[0]", Path.Combine(AppContext.BaseDirectory, "DemoVault.psm1"));
        Invoke("Import-Module $args[0]", Path.Combine(module, "KlarKonform.Backup.psd1"));
        Invoke("Register-SecretVault -Name DemoVault");
    }

    public static SecureString Secure(string text)
    {
        var secure = new SecureString();
        foreach (var character in text)
            secure.AppendChar(character);
        secure.MakeReadOnly();
        return secure;
    }

    /// <summary>Runs a script; its first error becomes an exception.</summary>
    public IReadOnlyList<PSObject> Invoke(string script, params object[] arguments)
    {
        using var shell = PowerShell.Create(_runspace);
        shell.AddScript(script);
        foreach (var argument in arguments)
            shell.AddArgument(argument);
        var output = shell.Invoke();
        foreach (var warning in shell.Streams.Warning)
            Console.WriteLine($"  WARNING: {warning.Message}");
        return shell.Streams.Error.Count == 0
            ? output
            : throw new InvalidOperationException(shell.Streams.Error[0].ToString(), shell.Streams.Error[0].Exception);
    }

    /// <summary>Runs a script and returns its output and all its errors, including a terminating one.</summary>
    public (IReadOnlyList<PSObject> Output, IReadOnlyList<ErrorRecord> Errors) TryInvoke(string script, params object[] arguments)
    {
        using var shell = PowerShell.Create(_runspace);
        shell.AddScript(script);
        foreach (var argument in arguments)
            shell.AddArgument(argument);
        var output = new PSDataCollection<PSObject>();
        try
        {
            shell.Invoke(null, output);
            return ([.. output], [.. shell.Streams.Error]);
        }
        catch (RuntimeException exception)
        {
            return ([.. output], [.. shell.Streams.Error, exception.ErrorRecord]);
        }
    }

    /// <summary>What tab completion offers at the end of a line.</summary>
    public IReadOnlyList<string> Complete(string line)
    {
        using var shell = PowerShell.Create(_runspace);
        return [.. CommandCompletion.CompleteInput(line, line.Length, null, shell).CompletionMatches.Select(match => match.CompletionText)];
    }

    /// <summary>Runs a script and returns its progress records.</summary>
    public IReadOnlyList<ProgressRecord> Progress(string script)
    {
        using var shell = PowerShell.Create(_runspace);
        shell.AddScript(script).Invoke();
        return [.. shell.Streams.Progress];
    }

    /// <summary>Runs a script and stops it at its first progress record, as Ctrl+C does.</summary>
    public void Stop(string script)
    {
        using var shell = PowerShell.Create(_runspace);
        using var started = new ManualResetEventSlim();
        shell.Streams.Progress.DataAdded += (_, _) => started.Set();
        var running = shell.AddScript(script).BeginInvoke();
        started.Wait(TimeSpan.FromSeconds(30));
        shell.Stop();
        try
        {
            shell.EndInvoke(running);
        }
        catch (PipelineStoppedException)
        {
            // This is what stopping looks like from here.
        }
    }

    /// <summary>Runs a command that ends only when stopped, for a moment, and returns its errors.</summary>
    public IReadOnlyList<ErrorRecord> RunForAMoment(string script)
    {
        using var shell = PowerShell.Create(_runspace);
        var running = shell.AddScript(script).BeginInvoke();
        running.AsyncWaitHandle.WaitOne(TimeSpan.FromSeconds(1));
        shell.Stop();
        try
        {
            shell.EndInvoke(running);
        }
        catch (PipelineStoppedException)
        {
            // This is what stopping looks like from here.
        }

        return [.. shell.Streams.Error];
    }

    public void Dispose() => _runspace.Dispose();
}
