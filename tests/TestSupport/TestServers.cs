namespace KlarKonform.Backup.TestSupport;

/// <summary>The servers that tests/run.sh started; their addresses are in the environment.</summary>
public static class TestServers
{
    /// <summary>
    /// Null if the servers are available, otherwise why a test cannot run. Where they are required, their absence is a failure.
    /// </summary>
    public static string? Missing(string variable)
    {
        if (Environment.GetEnvironmentVariable(variable) is { Length: > 0 })
            return null;
        var reason = $"{variable} is not set: run tests/run.sh, which starts the servers.";
        return Environment.GetEnvironmentVariable("KK_TEST_SERVERS_REQUIRED") is null
            ? reason
            : throw new InvalidOperationException(reason);
    }

    /// <summary>Null if a program is installed, otherwise why a test cannot run. Where servers are required, so are programs.</summary>
    public static string? MissingProgram(string path)
    {
        if (File.Exists(path))
            return null;
        var reason = $"{path} is not installed: run tests/run.sh, which installs it.";
        return Environment.GetEnvironmentVariable("KK_TEST_SERVERS_REQUIRED") is null
            ? reason
            : throw new InvalidOperationException(reason);
    }

    public static string Value(string name) =>
        Environment.GetEnvironmentVariable("KK_TEST_" + name) ?? throw new InvalidOperationException($"KK_TEST_{name} is not set.");
}
