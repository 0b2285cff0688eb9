using KlarKonform.Backup.Storage.S3;

namespace KlarKonform.Backup.Storage.Tests;

public sealed class S3LocationTests
{
    [Fact]
    public async Task A_password_that_somebody_wrote_into_the_address_is_not_in_the_place_that_messages_name()
    {
        await using var store = new S3ObjectStore(
            new S3StoreOptions
            {
                Endpoint = new Uri("http://user:geheim@127.0.0.1:9/base/"),
                Bucket = "bucket",
                Prefix = "prefix",
                Credentials = new S3Credentials("key", "secret"),
                HandlerFactory = () => new SocketsHttpHandler(),
            }
        );
        Assert.Equal("http://127.0.0.1:9/base/bucket/prefix", store.Location);
    }
}
