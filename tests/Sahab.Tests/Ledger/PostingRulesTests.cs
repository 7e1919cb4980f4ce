using FsCheck;
using FsCheck.Fluent;
using Sahab.Ledger.Money;
using Sahab.Ledger.Postings;
using Sahab.Ledger.Rating;

namespace Sahab.Tests.Ledger;

public class PostingRulesTests
{
    static readonly UsageEvent Sample = SampleUsage.Make(2) with
    {
        Deployment = "gpt-large-eastus",
        Provider = "azure",
        Region = "eastus",
        Usage = new TokenUsage(1000, 400, 500, 0),
        Prices = PriceTerms.FromUsdPerMillion(2.5m, 0.25m, 10m),
        Flags = UsageFlags.None,
    };

    [Fact]
    public void Usage_debits_the_deployments_cost_and_credits_what_is_owed_to_the_provider()
    {
        var postings = PostingRules.ForUsage(Sample);

        postings.Count.ShouldBe(2);
        postings[0].ShouldBe(new Posting(
            Sample.EventId,
            Account.ComputeCost("azure", "eastus", "gpt-large-eastus"),
            new NanoUsd(6_600_000),
            Sample.StartedAt));
        postings[1].ShouldBe(new Posting(
            Sample.EventId, Account.Payable("azure"), new NanoUsd(-6_600_000), Sample.StartedAt));
    }

    [Fact]
    public void What_costs_nothing_posts_nothing()
    {
        PostingRules.ForUsage(Sample with { Usage = default }).ShouldBeEmpty();
        PostingRules.ForUsage(Sample with { Prices = default }).ShouldBeEmpty();
        PostingRules.ForUsage(Sample with { Flags = UsageFlags.NotBilled }).ShouldBeEmpty();
    }

    [Fact]
    public void Accounts_have_readable_names() => new[]
    {
        Account.ComputeCost("azure", "eastus", "gpt-large-eastus").Name,
        Account.Payable("azure").Name,
    }.ShouldBe(["cost:compute:azure:eastus:gpt-large-eastus", "payable:azure"]);

    [Fact]
    public void Different_ids_never_share_an_account()
    {
        var ids = Gen.Elements("a", ":", "%", "%3A", "a:b", "b", "%25").NonEmptyListOf()
            .Select(parts => string.Concat(parts));
        var triples = from provider in ids
                      from region in ids
                      from deployment in ids
                      select (provider, region, deployment);
        Prop.ForAll(
                triples.ToArbitrary(),
                triples.ToArbitrary(),
                (left, right) => left == right == (Cost(left) == Cost(right)))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(5000));
        Account.ComputeCost("a:b", "c", "d").ShouldNotBe(Account.ComputeCost("a", "b:c", "d"));

        static Account Cost((string Provider, string Region, string Deployment) ids) =>
            Account.ComputeCost(ids.Provider, ids.Region, ids.Deployment);
    }

    [Fact]
    public void Postings_of_every_event_sum_to_zero() =>
        Prop.ForAll(Events().ToArbitrary(), usage =>
            {
                var postings = PostingRules.ForUsage(usage);
                return postings.Sum(posting => (decimal)posting.Amount.Value) == 0
                    && postings.All(posting => posting.Amount.Value != 0 && posting.EventId == usage.EventId)
                    && postings.Select(posting => posting.Account).Distinct().Count() == postings.Count;
            })
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void Balances_do_not_depend_on_the_order_of_events() =>
        Prop.ForAll(Events().ListOf(30).ToArbitrary(), events =>
            {
                var inOrder = Balances(events);
                return Same(inOrder, Balances(Enumerable.Reverse(events)))
                    && Same(inOrder, Balances(events.OrderBy(usage => usage.Usage.OutputTokens)))
                    && inOrder.Values.Sum() == 0;
            })
            .Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    [Theory]
    [InlineData(typeof(AttemptOutcome), "Succeeded=1,Throttled=2,Refused=3,ServerError=4,Unreachable=5,TimedOut=6,"
        + "Stalled=7,Cut=8,Unauthorized=9,Abandoned=10")]
    [InlineData(typeof(UsageFlags), "None=0,Estimated=1,ClientGone=2,Suspect=4,Streamed=8,NotBilled=16")]
    public void Stored_numbers_never_change(Type type, string expected) =>
        string.Join(',', Enum.GetValues(type).Cast<object>().Select(value => $"{value}={(byte)value}"))
            .ShouldBe(expected);

    static bool Same(Dictionary<string, decimal> left, Dictionary<string, decimal> right) =>
        left.Count == right.Count && left.All(pair => right[pair.Key] == pair.Value);

    static Dictionary<string, decimal> Balances(IEnumerable<UsageEvent> events)
    {
        var balances = new Dictionary<string, decimal>();
        foreach (var posting in events.SelectMany(PostingRules.ForUsage))
        {
            balances[posting.Account.Name] =
                balances.GetValueOrDefault(posting.Account.Name) + posting.Amount.Value;
        }

        return balances;
    }

    static Gen<UsageEvent> Events() =>
        from provider in Gen.Elements("azure", "google", "own")
        from region in Gen.Elements("east", "west")
        from prompt in Gen.Choose(0, 200_000)
        from output in Gen.Choose(0, 50_000)
        from price in Gen.Choose(0, 2_000_000_000)
        from billed in Gen.Elements(UsageFlags.None, UsageFlags.NotBilled, UsageFlags.Estimated)
        select Sample with
        {
            Provider = provider,
            Region = region,
            Deployment = $"gpt-{provider}-{region}",
            Usage = new TokenUsage(prompt, prompt / 3, output, 0),
            Prices = new PriceTerms(price, price / 10, price * 4L),
            Flags = billed,
        };
}
