using Sahab.Ledger.Rating;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Tests.House;
using Xunit.Abstractions;

namespace Sahab.Server.Tests.Faults;

/// <summary>The journal's room runs out under load, and comes back.</summary>
public sealed class JournalTroubleTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_full_journal_refuses_calls_and_loses_nothing_that_was_billed()
    {
        await using var house = await TestHouse.StartAsync(
            Samples.TwoCloudsYaml + "\nmetering: { journal: { max_bytes: 256KiB } }");
        using var client = new LoadClient(house.Address);
        var (journal, unrecorded) = (house.Get<Journal>(), house.Get<UnrecordedUsage>());
        // Nobody posts any more, so nobody makes room.
        await house.Get<UsageLoop>().StopAsync(CancellationToken.None);
        var ends = new List<CallEnd>();
        while (journal.IsHealthy)
        {
            ends.AddRange(await Task.WhenAll(Enumerable.Range(0, 40)
                .Select(call => client.CallAsync(new CallPlan(5, 2, Stream: call % 2 == 0)))));
            ends.Count.ShouldBeLessThan(20_000, "the journal never filled");
        }

        // Whoever calls now is refused before any cloud is asked.
        var billedBefore = house.Clouds.ReadBill().Sum(entry => entry.Requests);
        var refused = await client.CallAsync(new CallPlan(5, 2, Stream: false));
        refused.Status.ShouldBe(503);
        refused.RetryAfter.ShouldBe("2");
        house.Clouds.ReadBill().Sum(entry => entry.Requests).ShouldBe(billedBefore);
        using (var http = house.Client())
        {
            using var ready = await http.GetAsync("/readyz");
            ((int)ready.StatusCode).ShouldBe(503);
        }

        // The clouds have billed what could not be written down: it waits.
        unrecorded.Count.ShouldBeGreaterThan(0);
        unrecorded.Lost.ShouldBe(0);
        output.WriteLine($"{ends.Count} calls until the journal was full, {unrecorded.Count} events waited");
        foreach (var end in ends)
        {
            // A stream that has begun cannot become a 503; it ends with an error event instead.
            var isHonest = end.Status == 200
                ? end.IsWhole || (end.HasErrorEvent && end.IsBroken)
                : end.Status == 503 && end.RetryAfter == "2";
            isHonest.ShouldBeTrue(end.ToString());
        }

        await MakeRoomAsync(house, journal, unrecorded);
        (await client.CallAsync(new CallPlan(5, 2, Stream: false))).Status.ShouldBe(200);
        var books = await Books.CloseAsync(house);
        books.ShouldAgree();
        var answered = ends.Where(end => end.IsWhole).Select(end => end.RequestId!).ToHashSet(StringComparer.Ordinal);
        var recorded = books.Events.Where(usage => usage.Outcome == AttemptOutcome.Succeeded)
            .Select(usage => usage.CallId.ToString()).ToHashSet(StringComparer.Ordinal);
        answered.IsSubsetOf(recorded).ShouldBeTrue();
    }

    [Fact]
    public async Task A_server_that_stops_while_its_journal_is_full_makes_room_and_loses_nothing()
    {
        await using var house = await TestHouse.StartAsync(
            Samples.TwoCloudsYaml + "\nmetering: { journal: { max_bytes: 256KiB } }");
        using var client = new LoadClient(house.Address);
        var (journal, unrecorded) = (house.Get<Journal>(), house.Get<UnrecordedUsage>());
        var store = house.Get<UsageStore>();
        await house.Get<UsageLoop>().StopAsync(CancellationToken.None);
        while (journal.IsHealthy)
        {
            await Task.WhenAll(Enumerable.Range(0, 40)
                .Select(_ => client.CallAsync(new CallPlan(5, 2, Stream: false))));
        }

        unrecorded.Count.ShouldBeGreaterThan(0);
        await house.StopServerAsync();

        unrecorded.Lost.ShouldBe(0);
        unrecorded.Count.ShouldBe(0);
        var events = await Books.ReadEventsAsync(store);
        var billed = house.Clouds.ReadBill().Aggregate(
            default(Tokens), (sum, entry) => sum + Tokens.Of(entry.Billed));
        events.Aggregate(default(Tokens), (sum, usage) => sum + Tokens.Of(usage)).ShouldBe(billed);
    }

    [Fact]
    public async Task A_stopping_server_hands_in_what_still_waits()
    {
        await using var house = await TestHouse.StartAsync();
        var store = house.Get<UsageStore>();
        var usage = SampleUsage.Make(0);
        house.Get<UnrecordedUsage>().Add([usage]);

        await house.StopServerAsync();

        var events = await Books.ReadEventsAsync(store);
        events.ShouldHaveSingleItem().EventId.ShouldBe(usage.EventId);
    }

    [Fact]
    public async Task What_waits_is_bounded_and_the_bound_refuses_new_calls_long_before()
    {
        await using var house = await TestHouse.StartAsync();
        using var client = new LoadClient(house.Address);
        var unrecorded = new UnrecordedUsage(
            house.Get<Journal>(), house.Get<UsageLoop>(), house.Get<System.Diagnostics.Metrics.IMeterFactory>(),
            new HandTime(),
            Microsoft.Extensions.Logging.Abstractions.NullLogger<UnrecordedUsage>.Instance);
        var call = SampleUsage.Many(4096);
        for (var count = 0; count < UnrecordedUsage.MaxEvents; count += call.Count)
        {
            unrecorded.IsCrowded.ShouldBe(count >= UnrecordedUsage.RefuseAt);
            unrecorded.Add(call);
        }

        unrecorded.Lost.ShouldBe(0);
        unrecorded.Add([SampleUsage.Make(0)]);
        unrecorded.Count.ShouldBe(UnrecordedUsage.MaxEvents);
        unrecorded.Lost.ShouldBe(1);
    }

    static async Task MakeRoomAsync(TestHouse house, Journal journal, UnrecordedUsage unrecorded)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!journal.IsHealthy || unrecorded.Count > 0)
        {
            await house.DrainLedgerAsync();
            await Task.Delay(50, patience.Token);
        }
    }
}
