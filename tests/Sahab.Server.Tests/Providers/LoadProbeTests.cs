using Sahab.Emulator.Faults;
using Sahab.Server.Hosting;
using Sahab.Server.Serve.Snapshots;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Providers;

/// <summary>A vLLM-like cloud is asked how busy it is, also with calls that did not come through us.</summary>
public sealed class LoadProbeTests
{
    [Fact]
    public async Task Load_that_others_bring_reaches_the_router_and_goes_again()
    {
        await using var house = await TestHouse.StartAsync(FaultHouse.Yaml().Replace(
            "    running_usage: true", "    running_usage: true\n    probe: { interval: 250ms }",
            StringComparison.Ordinal), FaultHouse.Clouds());
        var state = house.Get<SnapshotPublisher>().Current.Routing.Deployments
            .Single(deployment => deployment.Spec.Id == "own-us").State;
        var clock = house.Get<MonotonicClock>();
        await UntilAsync(() => state.Read(clock.NowMs).Reported is { IsHealthy: true, Running: 0 });

        using var others = new HttpClient { BaseAddress = house.Clouds.CloudAddress("own") };
        others.DefaultRequestHeaders.Add("Authorization", $"Bearer {TestHouse.CloudKey}");
        // It stalls after its first token, so that it surely runs until it is left.
        await house.Clouds.AddFaultAsync(new FaultSpec { Cloud = "own", Kind = FaultKind.Stall, AfterTokens = 1 });
        using var request = new HttpRequestMessage(HttpMethod.Post, "us/v1/chat/completions")
        {
            Content = new StringContent("""{"model":"small","stream":true,"messages":[{"role":"user","content":"hello"}]}"""),
        };
        using (await others.SendAsync(request, HttpCompletionOption.ResponseHeadersRead))
        {
            await UntilAsync(() => state.Busy(clock.NowMs) == 1);
            state.InFlight.ShouldBe(0);
        }

        await UntilAsync(() => state.Busy(clock.NowMs) == 0);
    }

    static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!condition())
        {
            patience.IsCancellationRequested.ShouldBeFalse("it did not happen within two minutes");
            await Task.Delay(20);
        }
    }
}
