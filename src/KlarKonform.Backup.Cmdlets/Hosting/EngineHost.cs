using System.Reflection;

namespace KlarKonform.Backup.Cmdlets.Hosting;

/// <summary>Loads the engine once a process, when the first cmdlet needs it. The context is never unloaded, so importing the module again reuses it.</summary>
internal static class EngineHost
{
    private static readonly Lazy<Type> s_engine = new(Load);

    /// <summary>An engine over the home that the environment names now.</summary>
    public static IBackupEngine Create() =>
        (IBackupEngine)Activator.CreateInstance(s_engine.Value, Environment.GetEnvironmentVariable("KLARKONFORM_BACKUP_HOME"))!;

    private static Type Load()
    {
        var folder = Path.GetDirectoryName(typeof(EngineHost).Assembly.Location)!;
        var path = Path.Combine(folder, "engine", "KlarKonform.Backup.Engine.dll");
        if (!File.Exists(path))
            throw new BackupException("EngineMissing", BackupErrorCategory.NotInstalled, path, path);
        Assembly engine = new EngineLoadContext(path).LoadFromAssemblyPath(path);
        return engine.GetType("KlarKonform.Backup.Engine.BackupEngine", throwOnError: true)!;
    }
}
