using Sahab.Server.Serve.Gateway;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Telemetry;

[Collection(AloneCollection.Name)]
public sealed class HotPathTests
{
    const int Calls = 1000;

    [Fact]
    public async Task Measuring_a_call_allocates_nothing_while_the_metrics_are_kept()
    {
        await using var house = await TestHouse.StartAsync();
        var instruments = house.Get<GatewayInstruments>();
        var totals = house.Get<RunningTotals>();
        var call = new Call
        {
            Id = Guid.Empty,
            Context = null!,
            Snapshot = null!,
            Door = Door.At("/v1/chat/completions")!,
            StartedAt = default,
            StartedTimestamp = 0,
            DeadlineMs = 0,
            ClientGone = default,
        };
        var usage = SampleUsage.Make(2);
        Measure(Calls);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Measure(Calls);
        var perCall = (GC.GetAllocatedBytesForCurrentThread() - before) / (double)Calls;

        perCall.ShouldBe(0);

        void Measure(int calls)
        {
            for (var index = 0; index < calls; index++)
            {
                totals.AttemptEnded(usage);
                instruments.AttemptEnded(call.Operation, usage);
                totals.CallEnded(200);
                instruments.CallEnded(call, 200, 12.5);
            }
        }
    }
}
