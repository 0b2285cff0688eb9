using System.Reflection;
using System.Runtime.Loader;

namespace KlarKonform.Backup.Cmdlets.Hosting;

/// <summary>
/// Keeps the engine's dependencies (Azure.Identity, MSAL, AWSSDK, …) apart from the copies that other modules load. The contract assembly
/// is the one that the cmdlets use: two copies of it would be incompatible.
/// </summary>
internal sealed class EngineLoadContext(string engine) : AssemblyLoadContext("KlarKonform.Backup", isCollectible: false)
{
    private readonly AssemblyDependencyResolver _resolver = new(engine);

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        var contract = typeof(IBackupEngine).Assembly;
        if (assemblyName.Name == contract.GetName().Name)
            return contract;

        // Ours first; what we do not ship comes from the runtime.
        return _resolver.ResolveAssemblyToPath(assemblyName) is { } path ? LoadFromAssemblyPath(path) : null;
    }

    protected override IntPtr LoadUnmanagedDll(string unmanagedDllName) =>
        _resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } path ? LoadUnmanagedDllFromPath(path) : IntPtr.Zero;
}
