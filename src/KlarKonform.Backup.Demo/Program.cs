using System.Security.Cryptography;
using KlarKonform.Backup.Demo;

// dotnet run --project src/KlarKonform.Backup.Demo [-- --output DIR]
if (args.Length is not (0 or 2) || (args.Length == 2 && args[0] != "--output"))
{
    Console.Error.WriteLine("Usage: dotnet run --project src/KlarKonform.Backup.Demo [-- --output DIR]");
    return 2;
}

var temporary = args.Length == 0 ? Directory.CreateTempSubdirectory("klarkonform-demo-") : null;
var output = Path.GetFullPath(args.Length == 2 ? args[1] : temporary!.FullName);
if (Directory.Exists(output) && Directory.EnumerateFileSystemEntries(output).Any() && temporary is null)
{
    Console.Error.WriteLine($"The folder '{output}' is not empty. Name a new one.");
    return 2;
}

try
{
    var password = Convert.ToHexString(RandomNumberGenerator.GetBytes(16)).ToLowerInvariant();
    await new QuickStart(output, password).RunAsync();
    Console.WriteLine("Every step held.");
    if (temporary is null)
        Console.WriteLine($"Look for yourself: restic -r '{output}/repository' --password-file '{output}/password.txt' ls latest");
    return 0;
}
catch (InvalidOperationException failure)
{
    Console.Error.WriteLine($"FAILED: {failure.Message}");
    return 1;
}
finally
{
    temporary?.Delete(recursive: true);
}
