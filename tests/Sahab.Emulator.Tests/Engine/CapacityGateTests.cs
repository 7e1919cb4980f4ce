using FsCheck;
using FsCheck.Fluent;
using Sahab.Emulator.Configuration;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Tests.Engine;

public class CapacityGateTests
{
    [Fact]
    public void A_full_deployment_refuses_unless_it_queues()
    {
        var refusing = Gate(CloudStyle.OpenAI, new() { Concurrency = 2 });
        refusing.TryTake(2, 1, 0, out _)!.Entered.ShouldBeTrue();
        refusing.TryTake(1, 1, 0, out var refusal).ShouldBeNull();
        refusal.Kind.ShouldBe(RefusalKind.Sequences);

        var queueing = Gate(CloudStyle.Vllm, new() { Concurrency = 1, MaxWaiting = 1 });
        var first = queueing.TryTake(1, 1, 0, out _)!;
        var second = queueing.TryTake(1, 1, 0, out _)!;
        second.Entered.ShouldBeFalse();
        queueing.TryTake(1, 1, 0, out refusal).ShouldBeNull();
        refusal.Kind.ShouldBe(RefusalKind.QueueFull);
        queueing.Leave(first);
        second.Entered.ShouldBeTrue();
    }

    [Fact]
    public void Waiting_calls_enter_in_the_order_of_their_arrival()
    {
        var gate = Gate(CloudStyle.Vllm, new() { Concurrency = 2 });
        var running = gate.TryTake(2, 1, 0, out _)!;
        var large = gate.TryTake(2, 1, 0, out _)!;
        var small = gate.TryTake(1, 1, 0, out _)!;
        gate.Leave(running);
        (large.Entered, small.Entered).ShouldBe((true, false));
    }

    [Fact]
    public void Tokens_per_minute_fill_evenly()
    {
        var gate = Gate(CloudStyle.OpenAI, new() { TokensPerMinute = 600 });
        gate.TryTake(1, 600, 0, out _).ShouldNotBeNull();
        gate.TryTake(1, 100, 0, out var refusal).ShouldBeNull();
        (refusal.Kind, refusal.RetryMs).ShouldBe((RefusalKind.Tokens, 10_000));
        gate.TryTake(1, 100, 9_999, out _).ShouldBeNull();
        gate.TryTake(1, 100, 10_000, out _).ShouldNotBeNull();
    }

    [Fact]
    public void A_request_larger_than_the_whole_minute_is_told_to_come_back_in_a_day()
    {
        var gate = Gate(CloudStyle.Azure, new() { TokensPerMinute = 600 });
        gate.TryTake(1, 601, 0, out var refusal).ShouldBeNull();
        (refusal.Kind, refusal.RetryMs).ShouldBe((RefusalKind.LargerThanLimit, 86_400_000));
    }

    [Fact]
    public void Azure_refuses_a_burst_in_a_quiet_minute()
    {
        var azure = Gate(CloudStyle.Azure, new() { RequestsPerMinute = 60 });
        var openai = Gate(CloudStyle.OpenAI, new() { RequestsPerMinute = 60 });
        Enumerable.Range(0, 60).Count(_ => azure.TryTake(1, 1, 0, out var _) is not null).ShouldBe(10);
        Enumerable.Range(0, 60).Count(_ => openai.TryTake(1, 1, 0, out var _) is not null).ShouldBe(60);
    }

    [Fact]
    public void Places_are_neither_lost_nor_made_whatever_the_order_of_events() =>
        Check.QuickThrowOnFailure(Prop.ForAll<NonEmptyArray<byte>>(steps =>
        {
            var gate = Gate(CloudStyle.Vllm, new() { Concurrency = 5, MaxWaiting = 4 });
            var held = new List<Ticket>();
            foreach (var step in steps.Get)
            {
                if (step % 2 == 0 && gate.TryTake(1 + step % 3, 1, 0, out _) is { } taken)
                {
                    held.Add(taken);
                }
                else if (step % 2 == 1 && held.Count > 0)
                {
                    var leaving = held[step % held.Count];
                    gate.Leave(leaving);
                    gate.Leave(leaving);
                    held.Remove(leaving);
                }
                gate.Running.ShouldBe(held.Where(t => t.Entered).Sum(t => t.Slots));
                gate.Running.ShouldBeLessThanOrEqualTo(5);
                gate.Waiting.ShouldBe(held.Count(t => !t.Entered));
                gate.Waiting.ShouldBeLessThanOrEqualTo(4);
            }
            held.ForEach(gate.Leave);
            (gate.Running, gate.Waiting).ShouldBe((0, 0));
        }));

    static CapacityGate Gate(CloudStyle style, CapacityConfig capacity) => new(capacity, CloudTraits.Of(style));
}
