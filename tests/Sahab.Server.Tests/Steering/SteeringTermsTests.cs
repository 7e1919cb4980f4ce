using Sahab.Ledger.Contracts;
using Sahab.Ledger.Rating;
using Sahab.Ledger.Settlements;
using Sahab.Routing.Decisions;
using Sahab.Routing.Requests;
using Sahab.Routing.Snapshot;
using Sahab.Routing.Steering;

namespace Sahab.Server.Tests.Steering;

/// <summary>What the contracts say of each deployment at one moment.</summary>
public sealed class SteeringTermsTests
{
    [Fact]
    public void Exclusivity_keeps_calls_away_from_others_from_its_first_hour_to_its_last()
    {
        var routing = Routing();
        var contracts = Book(new Exclusivity
        {
            Id = "sole",
            Source = Terms.Page,
            From = Terms.At("2026-05-01"),
            Until = Terms.At("2026-06-01"),
        });

        ChoicesAt("2026-04-30T23:00").ShouldBe(["google-nl", "azure-us"], ignoreOrder: true);
        ChoicesAt("2026-05-01").ShouldBe(["azure-us"]);
        VerdictAt("2026-05-31T23:00").ShouldBe(CandidateVerdict.Barred);
        ChoicesAt("2026-06-01").ShouldBe(["google-nl", "azure-us"], ignoreOrder: true);

        string[] ChoicesAt(string at)
        {
            SteeringTerms.Apply(routing, contracts, Terms.At(at));
            return [.. Trace().Candidates.Where(each => each.Verdict == CandidateVerdict.Eligible)
                .Select(each => each.Deployment.Spec.Id)];
        }

        CandidateVerdict VerdictAt(string at)
        {
            SteeringTerms.Apply(routing, contracts, Terms.At(at));
            return Trace().Candidates.Single(each => each.Deployment.Spec.Provider == "google").Verdict;
        }

        DecisionTrace Trace()
        {
            var (random, trace) = (new RandomSource(1), new DecisionTrace());
            Router.Decide(
                new RouteRequest { Route = routing.Models[0], Countries = CountrySet.All, PromptTokens = 10 },
                routing.Profile, 0, ref random, trace);
            return trace;
        }
    }

    [Fact]
    public void A_deployment_draws_on_the_first_commitment_that_has_anything_left()
    {
        var routing = Routing();
        var contracts = Book(
            Spend("first", "2026-01-01", "2027-01-01", 100), Spend("second", "2026-01-01", "2028-01-01", 500));
        var now = Terms.At("2026-05-01");

        var open = SteeringTerms.OpenWindows(routing, contracts, [], now).ShouldHaveSingleItem();
        (open.Commitment.Id, open.Standing.Remaining, open.UsdPerUnit).ShouldBe(("first", 100m, 1.0));
        open.Deployments.ShouldBe(["azure-us"]);

        var met = new CommitmentStanding
        {
            Contract = "azure",
            Commitment = "first",
            Window = open.Commitment.Windows[0],
            Drawn = 100,
        };
        SteeringTerms.OpenWindows(routing, contracts, [met], now).ShouldHaveSingleItem()
            .Commitment.Id.ShouldBe("second");
        SteeringTerms.OpenWindows(routing, contracts, [], Terms.At("2029-01-01")).ShouldBeEmpty();
    }

    [Fact]
    public void The_contracts_rate_takes_the_place_of_the_configured_price_from_its_date_on()
    {
        var routing = Routing();
        routing.TryGetDeployment("azure-us", out var azure).ShouldBeTrue();
        var contracts = Book(new Rate
        {
            Id = "inference",
            Source = Terms.Page,
            Discount = 0.25m,
            From = Terms.At("2026-03-01"),
        });

        SteeringTerms.Apply(routing, contracts, Terms.At("2026-02-28"));
        azure!.State.Price.Rate.ShouldBeNull();
        SteeringTerms.Apply(routing, contracts, Terms.At("2026-03-01"));
        azure.State.Price.Rate!.Prices.OutputNanoPerMillion.ShouldBe(6_000_000_000);
    }

    static Commitment Spend(string id, string from, string until, decimal amount) => new()
    {
        Id = id,
        Source = Terms.Page,
        Windows = new[] { new CommitmentWindow(Terms.At(from), Terms.At(until), amount) }.ToValueList(),
    };

    static ContractTimeline Book(params Clause[] clauses) =>
        Terms.Book(Terms.Contract("azure", "2026-01-01", clauses)).KnownAt(Terms.Hindsight);

    static RoutingSnapshot Routing() => new RoutingSnapshotBuilder()
        .AddModel("m", Operation.ChatCompletions)
        .AddDeployment(Spec("azure-us", "azure", "US"))
        .AddDeployment(Spec("google-nl", "google", "NL"))
        .AddDeployment(Spec("azure-held", "azure", "US") with { Model = "held", Kind = CapacityKind.Reserved })
        .AddModel("held", Operation.ChatCompletions)
        .Build();

    static DeploymentSpec Spec(string id, string provider, string country) => new()
    {
        Id = id,
        Provider = provider,
        Region = "r",
        Country = CountryCode.Parse(country),
        Model = "m",
        Prices = PriceTerms.FromUsdPerMillion(2, 1, 8),
    };
}
