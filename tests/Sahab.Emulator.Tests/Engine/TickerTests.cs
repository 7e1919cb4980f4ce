using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Tests.Engine;

public class TickerTests
{
    [Fact]
    public async Task Nobody_wakes_early_and_everybody_wakes()
    {
        var clock = new EmulatedClock(TimeProvider.System, 1);
        await using var ticker = new Ticker(clock);
        var late = await Task.WhenAll(Enumerable.Range(0, 2000).Select(async i =>
        {
            var wait = new Ticker.Wait();
            var worst = 0.0;
            for (var step = 0; step < 4; step++)
            {
                var due = clock.RealMs + i % 50;
                await ticker.WaitUntil(wait, due);
                worst = Math.Min(worst, clock.RealMs - due);
            }
            return worst;
        }));
        late.ShouldAllBe(ms => ms >= 0);
    }

    [Fact]
    public async Task The_loop_wakes_again_after_it_slept()
    {
        var clock = new EmulatedClock(TimeProvider.System, 1);
        await using var ticker = new Ticker(clock);
        for (var i = 0; i < 20; i++)
        {
            var wait = new Ticker.Wait();
            await ticker.WaitUntil(wait, clock.RealMs + i);
        }
        clock.RealMs.ShouldBeGreaterThan(100);
    }

    [Fact]
    public void Emulated_time_runs_at_its_speed()
    {
        var clock = new EmulatedClock(TimeProvider.System, 50);
        var (before, emulated, after) = (clock.RealMs, clock.NowMs, clock.RealMs);
        emulated.ShouldBeInRange(before * 50, after * 50);
        clock.ToRealMs(100).ShouldBe(2);
    }
}
