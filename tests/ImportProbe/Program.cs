using System.Runtime.Loader;
using KlarKonform.Backup.Demo;
using KlarKonform.Backup.ImportProbe;

// A process of its own, because what is loaded cannot be unloaded. Prints the loaded assemblies, one per line: name, version, load context.
switch (args)
{
    case ["import"]:
        using (var shell = new ModuleHost())
        {
            shell.Invoke("Get-Command -Module KlarKonform.Backup");
            Print();
        }

        return 0;
    case ["conflict", var folder]:
        await ConflictProbe.RunAsync(folder);
        Print();
        return 0;
    case ["backup", var name, var secret, var password]:
        using (var shell = new ModuleHost())
        {
            shell.Invoke(
                "param($name, $secret, $password) $has = Get-KKBackupConfiguration $name; Set-Secret -Vault DemoVault -Name "
                    + "$has.Tenant.Auth.Secret.Split('/')[1] -Secret $secret; Set-Secret -Vault DemoVault -Name "
                    + "$has.Repository.Password.Split('/')[1] -Secret $password",
                name,
                ModuleHost.Secure(secret),
                ModuleHost.Secure(password)
            );
            Console.WriteLine(shell.Invoke("(Start-KKBackup $args[0]).Status", name)[0]);
        }

        return 0;
    case ["run", var module, var script]:
        // What the script prints, and the ids and messages of its errors.
        using (
            var shell = System.Management.Automation.PowerShell.Create(
                System.Management.Automation.Runspaces.InitialSessionState.CreateDefault2()
            )
        )
        {
            foreach (var said in shell.AddScript("Import-Module $args[0]; " + script).AddArgument(module).Invoke())
                Console.WriteLine(said);
            foreach (var error in shell.Streams.Error)
                Console.WriteLine($"{error.FullyQualifiedErrorId} {error.CategoryInfo.Category} {error}");
        }

        return 0;
    case ["startup", var module]:
        // PowerShell's engine is running, as in a shell that has just shown its prompt; only the module is measured.
        using (
            var shell = System.Management.Automation.PowerShell.Create(
                System.Management.Automation.Runspaces.InitialSessionState.CreateDefault2()
            )
        )
        {
            shell.AddScript("1 + 1").Invoke();
            var watch = System.Diagnostics.Stopwatch.StartNew();
            shell.Commands.Clear();
            shell.AddScript("Import-Module $args[0]").AddArgument(module).Invoke();
            var import = watch.ElapsedMilliseconds;
            watch.Restart();
            shell.Commands.Clear();
            shell.AddScript("Get-KKBackupStatus").Invoke();
            Console.WriteLine($"{import} {watch.ElapsedMilliseconds} {shell.Streams.Error.Count}");
        }

        return 0;
    default:
        return 2;
}

static void Print()
{
    foreach (var context in AssemblyLoadContext.All)
    {
        foreach (var assembly in context.Assemblies)
            Console.WriteLine($"{assembly.GetName().Name}\t{assembly.GetName().Version}\t{context.Name}");
    }
}
