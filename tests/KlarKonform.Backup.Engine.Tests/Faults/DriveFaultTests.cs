using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.DemoTenant.Model;
using static KlarKonform.Backup.Engine.Tests.Faults.OddTenant;

namespace KlarKonform.Backup.Engine.Tests.Faults;

/// <summary>What is said about a drive, and what arrives as a file, is trusted only as far as it is proven.</summary>
public sealed class DriveFaultTests
{
    [Fact]
    public async Task A_cursor_that_is_not_found_is_dropped_and_the_drive_read_anew()
    {
        await using var scenario = await StartAsync(OneDrive);
        await scenario.RunAsync();
        var drive = scenario.User().Drive!;
        scenario.Tenant.Change(
            (_, generator) =>
            {
                drive.Delete(drive.Items.Values.First(item => !item.IsFolder));
                generator.AddFile(drive, drive.Root, "Neu.bin", 500);
            }
        );
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (
                answer.Path.EndsWith($"/drives/{drive.Id}/root/delta", StringComparison.Ordinal)
                && answer.Query.Contains("token=", StringComparison.Ordinal)
            )
                answer.Fail(404, "itemNotFound", "The resource could not be found.");
        });
        var run = await scenario.RunAsync();
        Assert.Equal((BackupState.Succeeded, 0), (run.Status, run.RetryList.Count));
        await scenario.AssertSnapshotEqualsTenantAsync();
        await scenario.AssertHealsAsync();
    }

    [Fact]
    public async Task A_drive_of_a_living_user_that_is_not_found_itself_is_no_success_and_its_backup_stays()
    {
        await using var scenario = await StartAsync(OneDrive);
        await scenario.RunAsync();
        var (drive, before) = (scenario.User().Drive!, scenario.Names());
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (answer.Path.Contains("/drives/" + drive.Id, StringComparison.Ordinal))
                answer.Fail(404, "itemNotFound", "The resource could not be found.");
        });
        var run = await scenario.RunAsync();
        Assert.NotEqual(BackupState.Succeeded, run.Status);
        Assert.Equal(
            before.Where(name => name.StartsWith("/OneDrive/", StringComparison.Ordinal)),
            scenario.Names().Where(name => name.StartsWith("/OneDrive/", StringComparison.Ordinal))
        );
        await scenario.AssertHealsAsync();
    }

    [Fact]
    public async Task A_user_who_is_gone_is_a_note_and_his_backup_stays()
    {
        await using var scenario = await StartAsync(OneDrive);
        await scenario.RunAsync();
        var before = scenario.Names().Where(name => name.StartsWith("/OneDrive/", StringComparison.Ordinal)).ToArray();
        var leaver = scenario.User();
        scenario.Tenant.Change(
            (model, _) =>
            {
                model.Users.Remove(leaver);
                model.Sites.RemoveAll(site => site.Owner?.Id == leaver.Id);
            }
        );
        var run = await scenario.RunAsync();
        Assert.Equal((BackupState.Succeeded, 0), (run.Status, run.RetryList.Count));
        Assert.NotEmpty(run.Notes);
        Assert.Equal(before, scenario.Names().Where(name => name.StartsWith("/OneDrive/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_personal_site_that_fails_when_it_is_asked_for_its_drive_costs_that_drive_alone()
    {
        await using var scenario = await StartAsync(OneDrive);
        await scenario.RunAsync();
        var (leaver, stays) = (scenario.User(), scenario.Tenant.Model.Users[1]);
        var before = scenario
            .Names()
            .Where(name => name.StartsWith($"/OneDrive/{leaver.UserPrincipalName}", StringComparison.Ordinal))
            .ToArray();
        scenario.Tenant.Change(
            (model, generator) =>
            {
                model.Users.Remove(leaver);
                generator.AddFile(stays.Drive!, stays.Drive!.Root, "Neu.bin", 500);
            }
        );
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (answer.Path.StartsWith("/sites/", StringComparison.Ordinal) && answer.Path.EndsWith("/drive", StringComparison.Ordinal))
                answer.Fail(500, "generalException");
        });
        Assert.Equal(BackupState.Partial, (await scenario.RunAsync()).Status);
        Assert.Contains(scenario.Names(), name => name.EndsWith("/Neu.bin", StringComparison.Ordinal));
        Assert.Equal(
            before,
            scenario.Names().Where(name => name.StartsWith($"/OneDrive/{leaver.UserPrincipalName}", StringComparison.Ordinal))
        );
    }

    [Theory]
    [InlineData("a page")]
    [InlineData("half of it")]
    [InlineData("nothing")]
    public async Task What_is_no_document_is_not_taken_for_one(string arrives)
    {
        await using var scenario = await StartAsync(OneDrive);
        var document = Document(3);
        var item = Add(scenario, "Vertrag.docx", document);
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (answer.Path.StartsWith("/download/", StringComparison.Ordinal) && answer.Body.AsSpan().SequenceEqual(document))
                answer.Body = arrives switch
                {
                    "a page" => Encoding.UTF8.GetBytes("<!DOCTYPE html><html><body>Bitte melden Sie sich an</body></html>"),
                    "nothing" => [],
                    _ => document[..(document.Length / 2)],
                };
        });
        var failure = AssertOneFailure(await scenario.RunAsync(), FailureLevel.Item);
        Assert.Equal((item.Id, false), (failure.ItemId, failure.IsStored));
        Assert.DoesNotContain(scenario.Names(), name => name.EndsWith("Vertrag.docx", StringComparison.Ordinal));
        await scenario.AssertHealsAsync();
    }

    [Fact]
    public async Task A_document_that_SharePoint_rewrote_is_stored_with_a_note()
    {
        await using var scenario = await StartAsync(OneDrive);
        var (document, rewritten) = (Document(3), Document(4));
        Add(scenario, "Vertrag.docx", document);
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (answer.Path.StartsWith("/download/", StringComparison.Ordinal) && answer.Body.AsSpan().SequenceEqual(document))
                answer.Body = rewritten;
        });
        var run = await scenario.RunAsync();
        Assert.Equal((BackupState.Succeeded, 0), (run.Status, run.RetryList.Count));
        Assert.Contains(run.Notes, note => note.Contains("Vertrag.docx", StringComparison.Ordinal));
        using var restored = await scenario.RestoreAsync();
        Assert.Equal(rewritten, File.ReadAllBytes(Assert.Single(restored.Find("Vertrag.docx"))));
    }

    [Fact]
    public async Task Files_whose_size_or_hash_is_announced_wrong_are_stored_and_named()
    {
        await using var scenario = await StartAsync(OneDrive);
        var a = Add(scenario, "a.txt", Encoding.UTF8.GetBytes("dreizehn Bytes in einer Datei"));
        var b = Add(scenario, "b.pdf", [.. "%PDF-1.7\n"u8, .. SeededContent.Bytes(5, 3000)]);
        var c = Add(scenario, "c.txt", Encoding.UTF8.GetBytes("zwanzig Bytes hier.."));
        var d = Add(scenario, "d.bin", SeededContent.Bytes(9, 700));
        scenario.Tenant.ChangeAnswers(answer =>
        {
            answer.ChangeEntry(a.Id, each => each["size"] = a.Size + 13);
            answer.ChangeEntry(
                b.Id,
                each => each["file"]!["hashes"] = new JsonObject { ["quickXorHash"] = PlainQuickXorHash.Of(77, 3000) }
            );
            answer.ChangeEntry(c.Id, each => each["size"] = 0);
            answer.ChangeEntry(d.Id, each => each.Remove("size"));
        });
        var run = await scenario.RunAsync();
        Assert.True(run.Status is BackupState.Succeeded or BackupState.Partial);
        Assert.All(run.RetryList, failure => Assert.True(failure.IsStored, $"{failure.Name}: {failure.Code} {failure.Message}"));
        Assert.Contains(
            "b.pdf",
            string.Concat(run.Notes) + string.Concat(run.RetryList.Select(each => each.Name)),
            StringComparison.Ordinal
        );
        using (var restored = await scenario.RestoreAsync())
        {
            foreach (var item in (DemoDriveItem[])[a, b, c, d])
                Assert.Equal(item.Content, File.ReadAllBytes(Assert.Single(restored.Find("/" + item.Name))));
        }

        await scenario.AssertHealsAsync();
    }

    [Theory]
    [InlineData(400, "generalException", "Cannot open https://demo-my.sharepoint.example/personal/anna/mysite.docx")]
    [InlineData(403, "accessDenied", "The tenant has no SPO license for this file; see mysite")]
    [InlineData(404, "itemNotFound", "User's mysite not found.")]
    [InlineData(423, "resourceLocked", "The file is locked.")]
    [InlineData(500, "generalException", "mysite")]
    public async Task Whatever_is_said_of_one_file_costs_that_file_alone(int status, string code, string message)
    {
        await using var scenario = await StartAsync(
            OneDrive,
            options: new DemoTenantOptions { SharePointUnitsPerMinute = 100_000, DownloadAddresses = false }
        );
        var drive = scenario.User().Drive!;
        var refused = drive.Items.Values.First(item => !item.IsFolder && item.Size > 0);
        for (
            var (round, change) = (
                0,
                (Action<DemoAnswer>)(
                    answer =>
                    {
                        if (answer.Path.Contains($"/items/{refused.Id}/content", StringComparison.Ordinal))
                            answer.Fail(status, code, message);
                    }
                )
            );
            round < 2;
            round++
        )
        {
            scenario.Tenant.ChangeAnswers(change);
            var run = await scenario.RunAsync();
            var failure = AssertOneFailure(run, FailureLevel.Item);
            Assert.Equal((refused.Id, false), (failure.ItemId, failure.IsStored));
            var stored = await StoredItem.ReadAllAsync(scenario.Folder["repository"], BackupScenario.Password);
            Assert.Equal(
                scenario
                    .Tenant.Model.Users.SelectMany(user =>
                        user.Drive?.Items.Values.Where(item => item.ParentId is not null && item != refused).Select(item => item.Id) ?? []
                    )
                    .Order(StringComparer.Ordinal),
                stored
                    .Where(each =>
                        each.Path.StartsWith("/OneDrive/", StringComparison.Ordinal)
                        && each.Document.GetProperty("type").GetString() == "driveItem"
                    )
                    .Select(each => each.Id)
                    .Order(StringComparer.Ordinal)
            );

            // The next run requests the item itself, and is refused there.
            change = answer =>
            {
                if (answer.Path.Contains("/items/" + refused.Id, StringComparison.Ordinal))
                    answer.Fail(status == 404 ? 423 : status, status == 404 ? "resourceLocked" : code, message);
            };
        }

        await scenario.AssertHealsAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Pages_of_a_drive_that_lead_in_a_circle_end_and_remove_nothing(bool freshTokens)
    {
        await using var scenario = await StartAsync(OneDrive);
        await scenario.RunAsync();
        var (drive, pages) = (scenario.User().Drive!, 0);
        scenario.Tenant.Change((_, generator) => generator.AddFile(drive, drive.Root, "Neu.bin", 500));
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (!answer.Path.EndsWith($"/drives/{drive.Id}/root/delta", StringComparison.Ordinal))
                return;
            Assert.True(Interlocked.Increment(ref pages) < 100);
            answer.ChangeJson(json =>
            {
                json.AsObject().Remove("@odata.deltaLink");
                json["@odata.nextLink"] = $"{scenario.Tenant.BaseUrl}/v1.0{answer.Path}?kreis={(freshTokens ? pages : 0)}";
            });
        });
        var run = await scenario.RunAsync();
        Assert.Equal(0, run.ItemsRemoved);
        Assert.True(run.Status is BackupState.Partial or BackupState.Failed, run.Status.ToString());
        await scenario.AssertHealsAsync();
    }

    private static DemoDriveItem Add(BackupScenario scenario, string name, byte[] content)
    {
        DemoDriveItem added = null!;
        scenario.Tenant.Change(
            (_, _) =>
                added = scenario
                    .User()
                    .Drive!.Add(
                        new DemoDriveItem
                        {
                            Id = "01ODD" + name.Replace(".", "", StringComparison.Ordinal),
                            Name = name,
                            ParentId = scenario.User().Drive!.Root.Id,
                            Size = content.Length,
                            Content = content,
                            Modified = DateTimeOffset.UtcNow.AddDays(-3),
                        }
                    )
        );
        return added;
    }

    private static byte[] Document(int parts)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            for (var i = 0; i < parts; i++)
            {
                using var part = zip.CreateEntry($"word/part{i}.xml", CompressionLevel.NoCompression).Open();
                part.Write(SeededContent.Bytes(i + 1, 4000));
            }
        }

        return stream.ToArray();
    }
}
