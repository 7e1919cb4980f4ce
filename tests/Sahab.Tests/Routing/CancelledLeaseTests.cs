using static Sahab.Tests.Routing.World;

namespace Sahab.Tests.Routing;

public sealed class CancelledLeaseTests
{
    [Fact]
    public void What_was_never_sent_leaves_no_trace_in_the_limits()
    {
        var snapshot = Of(Spec("one", spec => spec with { Limits = Limit(requests: 1, tokens: 1_000, concurrency: 1) }));
        var state = snapshot.State("one");
        var lease = state.Reserve(900);

        lease.Cancel(Start).ShouldBeTrue();
        lease.Cancel(Start).ShouldBeFalse();
        lease.Release(5, Start).ShouldBeFalse();

        var reading = state.Read(Start);
        (reading.RequestsLastMinute, reading.TokensLastMinute, reading.InFlight).ShouldBe((0, 0, 0));
        state.Reserve(1_000).Release(0, Start).ShouldBeTrue();
        state.Read(Start).RequestsLastMinute.ShouldBe(1);
    }
}
