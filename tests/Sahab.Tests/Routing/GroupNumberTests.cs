using Sahab.Routing.Admission;
using Sahab.Routing.Snapshot;
using static Sahab.Tests.Routing.World;

namespace Sahab.Tests.Routing;

/// <summary>Groups of one model share numbers with those of another, never with each other.</summary>
public sealed class GroupNumberTests
{
    [Fact]
    public void Each_model_may_have_64_groups_and_those_that_stay_keep_their_number()
    {
        var first = Build(null, 4, 60);
        Check(first);
        var more = Build(first, 10, 54);
        Check(more);
        more.FindGroup("m-7").ShouldBeSameAs(first.FindGroup("m-7"));
        more.FindGroup("any-3").ShouldBeSameAs(first.FindGroup("any-3"));

        Should.Throw<ArgumentException>(() => Build(null, 5, 60));
        Should.Throw<ArgumentException>(() => new RoutingSnapshotBuilder().AddGroup("a", "m").AddGroup("a"));
    }

    [Fact]
    public void Where_no_number_is_left_that_all_models_have_free_groups_of_models_are_numbered_anew()
    {
        // Groups of the two models are gone by turns, so that their numbers together are all there are.
        var before = Build(null, 0, 64, each => true);
        var halves = Build(before, 0, 64, each => each.Model == "m" ? each.Number < 32 : each.Number >= 32);
        var after = Build(halves, 20, 64, each => each.Model == "m" ? each.Number < 32 : each.Number >= 32);

        Check(after);
        after.Groups.Length.ShouldBe(84);
    }

    private static RoutingSnapshot Build(RoutingSnapshot? previous, int any, int each) => Build(previous, any, each, _ => true);

    private static RoutingSnapshot Build(
        RoutingSnapshot? previous, int any, int each, Func<(string Model, int Number), bool> isThere)
    {
        var builder = new RoutingSnapshotBuilder(previous).AddModel("m").AddModel("n").AddDeployment(Spec("d"));
        for (var number = 0; number < each; number++)
        {
            foreach (var model in new[] { "m", "n" })
            {
                _ = isThere((model, number)) ? builder.AddGroup($"{model}-{number}", model) : builder;
            }
        }

        for (var number = 0; number < any; number++)
        {
            builder.AddGroup($"any-{number}");
        }

        return builder.Build();
    }

    private static void Check(RoutingSnapshot snapshot)
    {
        foreach (var model in new[] { "m", "n" })
        {
            var numbers = snapshot.Groups.Where(group => group.Model is null || group.Model == model)
                .Select(group => group.Number).ToList();
            numbers.Distinct().Count().ShouldBe(numbers.Count);
            numbers.ShouldAllBe(number => number >= 0 && number < TenantGroup.MaxGroups);
        }
    }
}
