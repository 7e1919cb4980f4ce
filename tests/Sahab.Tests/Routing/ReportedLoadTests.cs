using Sahab.Routing.Policies;
using Sahab.Routing.Snapshot;
using static Sahab.Tests.Routing.World;

namespace Sahab.Tests.Routing;

/// <summary>What a deployment's server says of itself steers the router while it is fresh, and no longer.</summary>
public sealed class ReportedLoadTests
{
    const long Later = Start + ReportedLoad.LifeMs + 1;

    [Fact]
    public void Calls_of_others_count_as_load_while_the_report_is_fresh()
    {
        var snapshot = From(null, RoutingProfile.LeastBusy, Spec("first"), Spec("second"));
        var first = snapshot.State("first");
        first.Report(new ReportedLoad(Running: 9, Waiting: 3, IsHealthy: true, AtMs: Start));

        snapshot.Shares(snapshot.Ask())["first"].ShouldBe(0);
        first.Busy(Start).ShouldBe(12);
        first.Busy(Later).ShouldBe(0);
        snapshot.Shares(snapshot.Ask(), nowMs: Later)["first"].ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Load_that_is_not_ours_makes_a_deployment_slower_in_the_routers_eyes()
    {
        var snapshot = From(null, RoutingProfile.LowestLatency, Spec("first"), Spec("second"));
        snapshot.State("first").Serve(5);
        snapshot.State("second").Serve(5);
        snapshot.State("first").Report(new ReportedLoad(Running: 10, Waiting: 40, IsHealthy: true, AtMs: Start));

        snapshot.Shares(snapshot.Ask())["first"].ShouldBe(0);
    }

    [Fact]
    public void A_server_that_says_it_is_not_well_is_left_alone_until_it_says_otherwise()
    {
        var snapshot = Of(Spec("first"), Spec("second"));
        var ill = new ReportedLoad(0, 0, IsHealthy: false, AtMs: Start);
        snapshot.State("first").Report(ill);
        snapshot.Shares(snapshot.Ask())["first"].ShouldBe(0);

        snapshot.State("second").Report(ill);
        var none = snapshot.Decide(snapshot.Ask());
        none.Choice.ShouldBeNull();
        none.RetryAfterMs.ShouldBeGreaterThan(0);

        snapshot.State("first").Report(ill with { IsHealthy = true });
        snapshot.Shares(snapshot.Ask())["second"].ShouldBe(0);
        snapshot.State("first").Read(Start).Reported!.IsHealthy.ShouldBeTrue();
        snapshot.State("first").Read(Later).Reported.ShouldBeNull();
    }
}
