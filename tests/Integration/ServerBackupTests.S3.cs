using System.Management.Automation;
using KlarKonform.Backup.Demo;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Integration;

/// <content>Ceph's object gateway, which Hetzner and other hosters run, and S3 servers with wrong answers.</content>
public sealed partial class ServerBackupTests
{
    [Theory]
    [InlineData("plain")]
    [InlineData("versions")]
    [InlineData("locked")]
    public void Through_Ceph_with_backup_retention_and_restore(string bucket)
    {
        if (S3TestServer.Ceph.Missing is { } reason)
            Assert.Skip(reason);
        var name = bucket switch
        {
            "versions" => S3TestServer.Ceph.VersionedBucket,
            "locked" => S3TestServer.Ceph.LockedBucket,
            _ => S3TestServer.Ceph.Bucket,
        };
        ConfigureS3(S3TestServer.Ceph, S3TestServer.Ceph.Endpoint, name, S3TestServer.Ceph.Authority);
        var restic = S3Restic(S3TestServer.Ceph, name);
        RunTheWholeWay(restic);

        // In such buckets deleted objects become markers, and replaced ones older versions: for the repository both are gone.
        Assert.Equal("1", $"{_shell.Invoke("(Invoke-KKBackupRetention Server -KeepLast 2 -Confirm:$false).Removed.Count")[0]}");
        Assert.Equal(2, _shell.Invoke("Get-KKBackupSnapshot Server").Count);
        Assert.Equal("True", $"{_shell.Invoke("(Test-KKBackup Server -ReadData).Passed")[0]}");
        Assert.Contains("no errors were found", restic.Run("check", "--read-data"), StringComparison.Ordinal);
        Assert.All(
            _shell.Invoke("Restore-KKBackupItem Server / $args[0]", _folder["own"]),
            item => Assert.Equal("Restored", $"{item.Properties["Status"].Value}")
        );
        AssertEqualsTenant(_folder["own"]);
        Assert.Equal("Succeeded", $"{_shell.Invoke("(Start-KKBackup Server).Status")[0]}");
    }

    [Fact]
    public async Task A_server_that_ignores_ranges_is_named_before_anything_is_backed_up()
    {
        await using var front = await FrontAsync();
        front.KeepsUploads = true;
        front.Choose = _ => S3Fault.RangeIgnored;
        var failed = Assert.Single(
            _shell.Invoke("Test-KKBackupConnection Server"),
            check => $"{check.Properties["Result"].Value}" == "Failed"
        );
        Assert.Equal("TargetIgnoresRanges", $"{failed.Properties["Detail"].Value}");
        Assert.Contains("ignores ranges", $"{failed.Properties["Hint"].Value}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Packs_in_cold_storage_are_told_before_a_restore_begins_and_named_in_its_rows()
    {
        await using var front = await FrontAsync();
        Assert.Equal("Succeeded", $"{_shell.Invoke("(Start-KKBackup Server).Status")[0]}");

        // After looking through the snapshot, its trees are cached: then only the content is in the archive.
        Assert.NotEmpty(_shell.Invoke("Get-KKBackupItem Server -Recurse"));
        front.Choose = request =>
            request.Path.Value!.Contains("/data/", StringComparison.Ordinal)
            || request.Query["prefix"].ToString().EndsWith("data/", StringComparison.Ordinal)
                ? S3Fault.Archived
                : S3Fault.None;
        var rows = _shell.Invoke(
            "Restore-KKBackupItem Server / $args[0] -WarningVariable global:told -ErrorAction SilentlyContinue",
            _folder["own"]
        );
        Assert.Contains(
            _shell.Invoke("$global:told"),
            warning =>
                $"{warning}".Contains("GLACIER", StringComparison.Ordinal)
                && $"{warning}".Contains("RestoreObject", StringComparison.Ordinal)
        );
        Assert.NotEmpty(rows);
        Assert.All(
            rows.Where(row => $"{row.Properties["Size"].Value}" != "0"),
            row => // Empty files need no pack.
                Assert.Equal(("Failed", "TargetArchived"), ($"{row.Properties["Status"].Value}", $"{row.Properties["Code"].Value}"))
        );

        front.Choose = _ => S3Fault.None;
        Assert.All(
            _shell.Invoke("Restore-KKBackupItem Server / $args[0]", _folder["later"]),
            row => Assert.Equal("Restored", $"{row.Properties["Status"].Value}")
        );
        AssertEqualsTenant(_folder["later"]);
    }

    [Fact]
    public async Task Uploads_that_are_confirmed_and_not_carried_out_are_no_backup()
    {
        await using var front = await FrontAsync();
        var packs = 0;
        front.Choose = request =>
            request.Method == "PUT"
            && request.Path.Value!.Contains("/data/", StringComparison.Ordinal)
            && Interlocked.Increment(ref packs) == 2
                ? S3Fault.Ignored
                : S3Fault.None;
        var run = _shell.TryInvoke("Start-KKBackup Server");
        Assert.True(
            run.Errors.Count > 0 || $"{run.Output[0].Properties["Status"].Value}" != "Succeeded",
            "A pack is missing, and the run says Succeeded."
        );
    }

    [Fact]
    public async Task Deletions_that_are_confirmed_and_not_carried_out_cost_room_and_nothing_else()
    {
        await using var front = await FrontAsync();
        for (var run = 0; run < 3; run++)
        {
            Assert.Equal("Succeeded", $"{_shell.Invoke("(Start-KKBackup Server).Status")[0]}");
            _tenant.Change((_, generator) => generator.Change(5));
        }

        front.Choose = request =>
            request.Method == "DELETE" && !request.Path.Value!.Contains("/locks/", StringComparison.Ordinal)
                ? S3Fault.Ignored
                : S3Fault.None;
        _shell.TryInvoke("Invoke-KKBackupRetention Server -KeepLast 2 -Confirm:$false");
        front.Choose = _ => S3Fault.None;
        Assert.Equal("True", $"{_shell.Invoke("(Test-KKBackup Server -ReadData).Passed")[0]}");
        Assert.Contains(
            "no errors were found",
            S3Restic(S3TestServer.Swift, S3TestServer.Swift.Bucket).Run("check", "--read-data"),
            StringComparison.Ordinal
        );
    }

    private async Task<FaultyS3> FrontAsync()
    {
        if (S3TestServer.Swift.Missing is { } reason)
            Assert.Skip(reason);
        var front = await FaultyS3.StartAsync();
        ConfigureS3(S3TestServer.Swift, front.Endpoint, S3TestServer.Swift.Bucket, null);
        return front;
    }

    private void ConfigureS3(S3TestServer server, Uri endpoint, string bucket, string? authority) =>
        Configure(
            "-Endpoint $more[0] -Bucket $more[1] -Prefix $more[2] -Credential $more[3]"
                + (authority is null ? "" : " -TargetCaCertificate $more[4]"),
            endpoint,
            bucket,
            _unique,
            new PSCredential(server.AccessKey, ModuleHost.Secure(server.SecretKey)),
            authority ?? ""
        );

    private StockRestic S3Restic(S3TestServer server, string bucket) =>
        new(
            $"s3:{server.Endpoint.GetLeftPart(UriPartial.Authority)}/{bucket}/{_unique}",
            Password,
            new Dictionary<string, string> { ["AWS_ACCESS_KEY_ID"] = server.AccessKey, ["AWS_SECRET_ACCESS_KEY"] = server.SecretKey },
            "--cacert",
            server.Authority
        );
}
