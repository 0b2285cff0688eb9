using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Repository.Tests;

/// <summary>The restic programs of several years, all of which judge the same.</summary>
internal static class Peers
{
    public static TheoryData<string> Versions => [.. StockRestic.Versions];

    /// <summary>A version of restic on a repository; skips the test if it is missing and not required.</summary>
    public static StockRestic Restic(string version, string repository, string password)
    {
        if (StockRestic.Missing(version) is { } reason)
            Assert.Skip(reason);
        return new StockRestic(repository, password) { Version = version };
    }
}
