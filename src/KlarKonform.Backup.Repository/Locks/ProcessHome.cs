using System.Diagnostics;
using KlarKonform.Backup.Repository.Locks.Files;

namespace KlarKonform.Backup.Repository.Locks;

/// <summary>
/// The scope within which a process id is meaningful: one start of one kernel, and one of its namespaces. Two containers with the same host
/// name, or one machine before and after a restart, use the same ids for different processes. Linux tells them apart; on other systems a
/// cloned machine would give the same answer, so ids prove nothing there.
/// </summary>
/// <param name="Boot">The kernel's id of its start (proc_sys_kernel(5), random/boot_id), or null.</param>
/// <param name="PidNamespace">The namespace (pid_namespaces(7), /proc/self/ns/pid), or null. It is unique among living ones: once it is
/// reused, every process of the previous one is dead.</param>
internal sealed record ProcessHome(string? Boot, string? PidNamespace)
{
    private static readonly Lazy<ProcessHome> s_current = new(Read);

    /// <summary>The scope of this process.</summary>
    public static ProcessHome Current => s_current.Value;

    /// <summary>Whether the process that wrote the lock certainly no longer exists.</summary>
    public bool KnowsAsGone(LockFile file)
    {
        if (Boot is null || PidNamespace is null || file.Boot != Boot || file.PidNamespace != PidNamespace || file.Pid <= 0)
            return false;
        try
        {
            using var process = Process.GetProcessById(file.Pid);
            return process.HasExited;
        }
        catch (ArgumentException)
        {
            return true; // There is no such process.
        }
        catch (Exception exception) when (exception is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return false; // There is one, owned by another user.
        }
    }

    private static ProcessHome Read()
    {
        if (!OperatingSystem.IsLinux())
            return new ProcessHome(null, null);
        try
        {
            return new ProcessHome(
                File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim(),
                new FileInfo("/proc/self/ns/pid").LinkTarget
            );
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new ProcessHome(null, null); // A sandbox without these files.
        }
    }
}
