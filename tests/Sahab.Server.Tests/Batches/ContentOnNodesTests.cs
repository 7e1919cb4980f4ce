using System.Globalization;
using System.Net;
using Sahab.Server.Serve.Batches;
using Sahab.Server.Tests.Database;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Batches;

/// <summary>Contents on the disks of several nodes, whose rows they share.</summary>
[Collection(PostgresTests.Name)]
public sealed class ContentOnNodesTests(PostgresServer postgres)
{
    [Fact]
    public async Task What_is_deleted_through_one_node_is_removed_from_the_disk_of_the_other_within_a_round()
    {
        var store = await postgres.CreateDatabaseAsync();
        var time = new JumpingTime();
        await using var one = await TestHouse.StartAsync(postgres: store);
        await using var other = await TestHouse.StartAsync(time: time, postgres: store);
        using var there = other.Client();
        using var here = one.Client();
        var gone = (string)(await new BatchClient(there).UploadAsync(BatchClient.Lines(1)))["id"]!;
        var kept = (string)(await new BatchClient(there).UploadAsync(BatchClient.Lines(1)))["id"]!;
        ContentsOf(other).Count.ShouldBe(2);

        (await here.DeleteAsync($"/v1/files/{gone}")).StatusCode.ShouldBe(HttpStatusCode.OK);

        // The next round comes after half a minute.
        time.SetClock(TimeSpan.FromSeconds(31));
        other.Get<BatchLoop>().Wake();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (ContentsOf(other).Count > 1)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), patience.Token);
        }

        ContentsOf(other).ShouldBe([kept["file-".Length..]]);
        (await there.GetAsync($"/v1/files/{kept}/content")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task What_is_being_uploaded_is_no_leftover_and_what_was_given_up_is()
    {
        await using var house = await TestHouse.StartAsync();
        var (folder, loop) = (house.Get<FileFolder>(), house.Get<BatchLoop>());
        var id = SampleUsage.Id(8, 1);
        var content = folder.Begin(id);
        await loop.TidyAsync(CancellationToken.None);
        await content.WriteAsync("x"u8.ToArray());
        await folder.FinishAsync(id, content, CancellationToken.None);

        await loop.TidyAsync(CancellationToken.None);
        folder.Has(id).ShouldBeTrue("its row comes next");
        folder.Release(id);
        await loop.TidyAsync(CancellationToken.None);

        folder.Has(id).ShouldBeFalse();
    }

    [Fact]
    public async Task A_round_looks_at_so_many_contents_and_the_next_one_goes_on()
    {
        await using var house = await TestHouse.StartAsync();
        // The rounds are the test's own.
        await house.Get<BatchLoop>().StopAsync(CancellationToken.None);
        using var client = house.Client();
        var kept = (string)(await new BatchClient(client).UploadAsync(BatchClient.Lines(1)))["id"]!;
        var folder = Path.GetDirectoryName(house.Get<FileFolder>().PathOf(Guid.Empty))!;
        for (var number = 0; number < BatchLoop.TidyMost + 100; number++)
        {
            await File.WriteAllTextAsync(
                Path.Combine(folder, SampleUsage.Id(8, number).ToString("N", CultureInfo.InvariantCulture)), "");
        }

        await house.Get<BatchLoop>().TidyAsync(CancellationToken.None);
        ContentsOf(house).Count.ShouldBeInRange(101, 102, "one of those that were looked at may be the one that is kept");
        await house.Get<BatchLoop>().TidyAsync(CancellationToken.None);

        ContentsOf(house).ShouldBe([kept["file-".Length..]]);
    }

    static List<string> ContentsOf(TestHouse house) =>
        [.. Directory.EnumerateFiles(Path.Combine(house.Folder, "data", "files")).Select(file => Path.GetFileName(file))];
}
