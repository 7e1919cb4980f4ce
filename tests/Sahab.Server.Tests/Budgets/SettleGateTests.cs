using System.Collections.Concurrent;
using Sahab.Server.Sell.Budgets;

namespace Sahab.Server.Tests.Budgets;

/// <summary>Whoever waits at the gate waits for all that were inside, and for nobody who came later.</summary>
public class SettleGateTests
{
    const int Callers = 6;
    const int Passes = 20_000;

    [Fact]
    public async Task Nobody_who_was_inside_is_inside_any_more_when_a_pass_ends_whatever_comes_and_goes()
    {
        var gate = new SettleGate();
        var inside = new ConcurrentDictionary<long, bool>();
        using var end = new CancellationTokenSource();
        var tickets = 0L;
        var callers = Enumerable.Range(0, Callers).Select(_ => Task.Run(() =>
        {
            while (!end.IsCancellationRequested)
            {
                var phase = gate.Enter();
                var ticket = Interlocked.Increment(ref tickets);
                inside[ticket] = true;
                if (ticket % 3 == 0)
                {
                    Thread.Yield();
                }

                inside.TryRemove(ticket, out var _);
                gate.Leave(phase);
            }
        })).ToList();

        for (var pass = 0; pass < Passes; pass++)
        {
            var before = inside.Keys;
            await gate.PassAsync();
            before.Any(inside.ContainsKey).ShouldBeFalse();
        }

        await end.CancelAsync();
        await Task.WhenAll(callers);
    }

    [Fact]
    public async Task A_pass_waits_for_who_is_inside_and_not_for_who_comes_after()
    {
        var gate = new SettleGate();
        var inside = gate.Enter();
        var pass = gate.PassAsync();
        var later = gate.Enter();
        pass.IsCompleted.ShouldBeFalse();

        gate.Leave(inside);
        await pass;

        gate.Leave(later);
        await gate.PassAsync();
    }
}
