using System.Text;
using Sahab.Routing.Policies;
using Sahab.Routing.Requests;
using Sahab.Routing.Snapshot;
using static Sahab.Tests.Routing.World;

namespace Sahab.Tests.Routing;

public sealed class SnapshotTests
{
    [Fact]
    public void A_model_is_found_by_its_name_and_its_alias_in_both_encodings()
    {
        var snapshot = Of(Spec("a"), Spec("b"));
        snapshot.TryGetModel("m", out var route).ShouldBeTrue();
        route!.Candidates.Select(candidate => candidate.Spec.Id).ShouldBe(["a", "b"]);
        snapshot.TryGetModel("alias-of-m"u8, out var byAlias).ShouldBeTrue();
        byAlias.ShouldBeSameAs(route);
        (route.Serves(Operation.ChatCompletions), route.Serves(Operation.Embeddings)).ShouldBe((true, false));
        snapshot.Models.ShouldBe([route]);
    }

    [Fact]
    public void A_name_that_is_unknown_broken_or_too_long_is_not_found()
    {
        var snapshot = new RoutingSnapshotBuilder().AddModel("modèle-\uFFFD").Build();
        snapshot.TryGetModel(Encoding.UTF8.GetBytes("modèle-\uFFFD"), out _).ShouldBeTrue();
        snapshot.TryGetModel([.. "modèle-"u8, 0xFF], out _).ShouldBeFalse("broken UTF-8 is no name");
        snapshot.TryGetModel("Modèle-\uFFFD", out _).ShouldBeFalse("case matters");
        snapshot.TryGetModel(new byte[257], out _).ShouldBeFalse();
        snapshot.TryGetModel(""u8, out _).ShouldBeFalse();
        RoutingSnapshot.Empty.TryGetModel("m", out _).ShouldBeFalse();
    }

    [Fact]
    public void A_reload_keeps_what_is_known_and_puts_new_limits_in_force()
    {
        var before = Of(Spec("a"), Spec("b"));
        before.State("a").Serve(1, firstTokenMs: 321);
        before.State("a").Reserve();
        before.TryGetModel("m", out var oldRoute);
        oldRoute!.History.Learn(100, new Sahab.Ledger.Rating.TokenUsage(90, 0, 700, 0), 1);

        var after = From(
            before,
            RoutingProfile.LeastBusy,
            Spec("a", spec => spec with { Limits = Limit(concurrency: 1), Weight = 9 }));
        (before.Version, after.Version).ShouldBe((1, 2));
        after.State("a").ShouldBeSameAs(before.State("a"));
        after.State("a").Refusal().ShouldBe(Sahab.Routing.Decisions.CandidateVerdict.ConcurrencyFull);
        after.State("a").Read(Start).FirstTokenMs.ShouldBe(321);
        after.TryGetModel("m", out var newRoute);
        newRoute!.History.ShouldBeSameAs(oldRoute.History);
        after.TryGetDeployment("b", out _).ShouldBeFalse();
        before.TryGetDeployment("b", out _).ShouldBeTrue();
    }

    [Fact]
    public void An_id_that_moved_to_another_place_starts_afresh()
    {
        var before = Of(Spec("a"));
        foreach (var moved in new[]
        {
            Spec("a", spec => spec with { Region = "elsewhere" }),
            Spec("a", spec => spec with { Provider = "another" }),
        })
        {
            From(before, RoutingProfile.Balanced, moved).State("a").ShouldNotBeSameAs(before.State("a"));
        }
    }

    [Fact]
    public void A_build_that_fails_changes_nothing_of_the_running_snapshot()
    {
        var before = Of(Spec("a", spec => spec with { Limits = Limit(concurrency: 5) }));
        var builder = new RoutingSnapshotBuilder(before)
            .AddDeployment(Spec("a", spec => spec with { Limits = Limit(concurrency: 1) }))
            .AddDeployment(Spec("b", spec => spec with { Model = "no-such" }))
            .AddModel("m");
        Should.Throw<InvalidOperationException>(builder.Build).Message.ShouldContain("no-such");
        before.State("a").Read(Start).Limits.Concurrency.ShouldBe(5);
    }

    [Fact]
    public void Names_are_unique_and_references_exist()
    {
        var builder = new RoutingSnapshotBuilder().AddModel("m").AddDeployment(Spec("a"));
        Should.Throw<ArgumentException>(() => builder.AddDeployment(Spec("a")));
        Should.Throw<ArgumentException>(() => builder.AddModel("m"));
        Should.Throw<ArgumentException>(() => builder.AddAlias("m", "m"));
        Should.Throw<ArgumentException>(() => builder.AddModel(new string('x', 257)));
        Should.Throw<InvalidOperationException>(() => builder.AddAlias("n", "o").Build());
        var crowded = new RoutingSnapshotBuilder().AddModel("m");
        for (var index = 0; index < 65; index++)
        {
            crowded.AddDeployment(Spec("d" + index));
        }

        Should.Throw<InvalidOperationException>(crowded.Build).Message.ShouldContain("65");
    }

    [Fact]
    public void Terms_outside_their_ranges_are_refused()
    {
        HealthTerms[] wrong =
        [
            new() { ConsecutiveFailures = 0 },
            new() { FailureShare = 0 },
            new() { FailureShare = double.NaN },
            new() { OpenForMs = 10, MaxOpenForMs = 9 },
            new() { MaxThrottleMs = 10 },
        ];
        foreach (var terms in wrong)
        {
            Should.Throw<ArgumentOutOfRangeException>(() => With(terms, Spec("a")));
        }
    }
}
