using System.Runtime.Loader;
using KlarKonform.Backup.Demo;
using KlarKonform.Backup.ImportProbe;

// A process of its own, because what is loaded cannot be unloaded. Prints the loaded assemblies, a line each: name, version, load context.
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
