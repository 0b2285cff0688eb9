using System.Reflection;

namespace KlarKonform.Backup.Cmdlets.Hosting;

/// <summary>
/// Loads the engine once per process, when the first cmdlet needs it. The context is never unloaded, so importing the module again reuses
/// it.
/// </summary>
internal static class EngineHost
{
    private static readonly Lazy<Type> s_engine = new(Load);

    /// <summary>An engine for the home folder that the environment names now.</summary>
    public static IBackupEngine Create() =>
        (IBackupEngine)Activator.CreateInstance(s_engine.Value, Environment.GetEnvironmentVariable("KLARKONFORM_BACKUP_HOME"))!;

    /// <summary>The error of a module that lacks one of its files.</summary>
    /// <param name="file">Name of the file in the engine's folder.</param>
    public static BackupException Incomplete(string file)
    {
        var path = PathOf(file);
        return new BackupException(ErrorIds.EngineMissing, BackupErrorCategory.NotInstalled, path, path);
    }

    private static string PathOf(string file) => Path.Combine(Path.GetDirectoryName(typeof(EngineHost).Assembly.Location)!, "engine", file);

    private static Type Load()
    {
        var path = PathOf("KlarKonform.Backup.Engine.dll");
        if (!File.Exists(path))
            throw Incomplete(Path.GetFileName(path));
        Assembly engine = new EngineLoadContext(path).LoadFromAssemblyPath(path);
        return engine.GetType("KlarKonform.Backup.Engine.BackupEngine", throwOnError: true)!;
    }
}
