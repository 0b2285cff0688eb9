using System.Text.Json;
using KlarKonform.Backup.DemoTenant.Generation;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>An unforeseen error can be reported: with its stack trace, and without content in any log.</summary>
public sealed class UnexpectedErrorTests
{
    private const string Content = "Betreff: Kündigung von Anna";

    [Fact]
    public async Task It_carries_its_exception_and_the_event_log_has_the_stack_without_the_message()
    {
        await using var scenario = await BackupScenario.StartAsync(
            new TenantSizes
            {
                Users = 1,
                MailsPerUser = 1,
                FilesPerUser = 1,
                MaxFileBytes = 1000,
            }
        );
        foreach (
            var operation in (Func<ISecretStore, Task>[])
                [
                    secrets => scenario.Engine.StartBackupAsync("Test", new BackupOptions(), secrets, scenario, default),
                    secrets => scenario.Engine.GetSnapshotsAsync("Test", secrets, default),
                    secrets => scenario.Engine.TestIntegrityAsync("Test", new IntegrityOptions(), secrets, scenario, default),
                ]
        )
        {
            var error = await Assert.ThrowsAsync<BackupException>(() => operation(new Faulty()));
            Assert.Equal(ErrorIds.Unexpected, error.ErrorId);
            Assert.Equal(Content, Assert.IsType<NotSupportedException>(error.InnerException).Message);
            Assert.Contains(nameof(Faulty), error.InnerException!.StackTrace, StringComparison.Ordinal);
            Assert.DoesNotContain(Content, error.Message, StringComparison.Ordinal);
            Assert.Contains(nameof(NotSupportedException), error.Message, StringComparison.Ordinal);
            Assert.Contains(nameof(Faulty), error.Details, StringComparison.Ordinal);
        }

        var log = await File.ReadAllTextAsync(scenario.Folder["home", "logs", "Test.jsonl"]);
        Assert.DoesNotContain("Kündigung", log, StringComparison.Ordinal);
        var events = log.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement)
            .Where(each => each.GetProperty("event").GetString() == "UnexpectedError")
            .ToArray();
        Assert.Equal(3, events.Length);
        Assert.All(
            events,
            each =>
                Assert.Contains(
                    $"{typeof(NotSupportedException).FullName}\n   at ",
                    each.GetProperty("data").GetProperty("exception").GetString(),
                    StringComparison.Ordinal
                )
        );

        // The journal, which a report shows, contains no content either.
        Assert.All(
            Directory.EnumerateFiles(scenario.Folder["home", "runs"], "*.json", SearchOption.AllDirectories),
            file => Assert.DoesNotContain("digung von", File.ReadAllText(file), StringComparison.Ordinal)
        );
    }

    private sealed class Faulty : ISecretStore
    {
        public Task<SecretValue> GetAsync(SecretReference reference, CancellationToken cancellationToken) =>
            throw new NotSupportedException(Content);
    }
}
