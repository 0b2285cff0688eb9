namespace KlarKonform.Backup.Integration;

/// <summary>The short form of the benchmark <c>receiver</c>: webhooks while the receiver is killed, through a whole backup.</summary>
public sealed class ReceiverTests
{
    [Fact]
    public async Task A_receiver_that_is_killed_loses_no_webhook_that_it_confirmed_and_the_backup_holds_each_once()
    {
        var last = await BenchmarkProgram.RunAsync("receiver", "--seconds", "1", "--kills", "3", "--seed", "5");
        int Value(string name) => last.GetProperty(name).GetInt32();
        Assert.Equal((3, 0, 0), (Value("kills"), Value("lost"), Value("doubled")));
        Assert.True(Value("confirmed") > 0);
    }
}
