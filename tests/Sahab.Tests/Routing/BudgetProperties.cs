using FsCheck;
using FsCheck.Fluent;
using Sahab.Ledger.Budgets;
using Sahab.Routing.Admission;

namespace Sahab.Tests.Routing;

/// <summary>The promises of budgets, under random histories of several nodes and under many threads.</summary>
public sealed class BudgetProperties
{
    private const long HourUs = 3_600_000_000;
    private const long Noon = 500_000 * HourUs;

    private static readonly BudgetTerms[] Budgets = [Budget("all", 300), Budget("key", 120, project: "p", key: "k")];

    private static readonly Gen<Step> Steps =
        from elapsedUs in Gen.Frequency(
            (30, Gen.Choose(0, 30_000_000)), (2, Gen.Choose(-2_000_000_000, 0)), (1, Gen.Choose(0, 2_000_000_000)))
        from act in Gen.Frequency(
            (12, Gen.Constant(Act.Begin)), (8, Gen.Constant(Act.End)), (4, Gen.Constant(Act.Post)),
            (6, Gen.Constant(Act.Claim)), (6, Gen.Constant(Act.Commit)), (6, Gen.Constant(Act.Apply)),
            (1, Gen.Constant(Act.Lose)), (3, Gen.Constant(Act.Mark)), (3, Gen.Constant(Act.Posted)),
            (3, Gen.Constant(Act.Tick)), (1, Gen.Constant(Act.Crash)), (4, Gen.Constant(Act.Release)),
            (6, Gen.Constant(Act.Exchange)))
        from node in Gen.Choose(0, 100)
        from estimate in Gen.Choose(1, 40)
        from used in Gen.Frequency((5, Gen.Choose(0, 40)), (1, Gen.Choose(40, 90)))
        from which in Gen.Choose(0, 1_000)
        select new Step(elapsedUs, act, node, estimate, used, which);

    private enum Act
    {
        Begin,
        End,
        Post,
        Claim,
        Commit,
        Apply,
        Lose,
        Mark,
        Posted,
        Tick,
        Crash,
        Release,
        Exchange,
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void No_window_of_any_budget_is_overspent_but_by_what_its_calls_were_underestimated(int nodes) =>
        Prop.ForAll(Arb.From(Gen.ArrayOf(Steps, 500)), steps => IsNeverOverspent(steps, nodes))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void All_of_a_budget_can_be_spent_on_whichever_node_and_nothing_stays_held(int nodes) =>
        Prop.ForAll(Arb.From(Gen.ArrayOf(Steps, 120)), steps => CanBeSpent(steps, nodes))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(100));

    [Fact]
    public async Task Threads_together_spend_the_whole_limit_and_no_more_and_hold_nothing_afterwards()
    {
        const long Limit = 10_000;
        BudgetTerms[] budgets =
        [
            Budget("all", Limit), Budget("project", Limit / 2, project: "p"), Budget("key", Limit / 4, project: "p", key: "k"),
        ];
        var book = new BudgetBook();
        book.Change(budgets);
        var (store, spent) = (new AloneStore(budgets), new long[3]);

        await Task.WhenAll(Enumerable.Range(0, 12).Select(thread => Task.Run(() =>
        {
            var (project, key) = thread % 3 == 0 ? ("q", "x") : ("p", thread % 3 == 1 ? "k" : "l");
            for (var turn = 0; turn < 5_000; turn++)
            {
                var amount = 1 + ((thread + turn) % 7);
                BudgetLease? lease;
                while (book.TryReserve(project, key, Use(amount), Noon, out lease).Standing == BudgetStanding.MustAsk)
                {
                    store.Exchange(book);
                }

                if (lease is null)
                {
                    continue;
                }

                if (turn % 5 == 0)
                {
                    lease.End();
                    lease.End();
                    continue;
                }

                // Counted before it is given back, so that the sums here are never behind.
                Interlocked.Add(ref spent[0], amount);
                Interlocked.Add(ref spent[1], project == "p" ? amount : 0);
                Interlocked.Add(ref spent[2], key == "k" ? amount : 0);
                lease.Settle(Use(amount));
                lease.End();
            }
        })));

        var parts = budgets.Select(budget => book.Read(budget.Id, Noon)).ToArray();
        parts.Select(part => part.Reserved).ShouldAllBe(held => held == 0);
        parts.Select(part => part.InFlight).ShouldAllBe(calls => calls == 0);
        parts.Select(part => part.Unposted).ShouldBe(spent);
        spent[0].ShouldBeInRange(Limit - 6, Limit);
        spent[1].ShouldBeLessThanOrEqualTo(Limit / 2);
        spent[2].ShouldBeLessThanOrEqualTo(Limit / 4);
    }

    private static BudgetUse Use(long amount) => new(0, amount, 0);

    private static BudgetTerms Budget(string id, long limit, string? project = null, string? key = null) => new()
    {
        Id = id,
        Project = project,
        Key = key,
        Measure = BudgetMeasure.Tokens,
        Period = BudgetPeriod.Hour,
        Limit = limit,
        IsHard = true,
    };

    private static bool IsNeverOverspent(Step[] steps, int nodes)
    {
        var cluster = new BudgetCluster(Budgets, nodes) { NowUs = Noon };
        foreach (var step in steps)
        {
            if (!Take(cluster, step) || !cluster.IsWithinBound() || !cluster.IsBacked())
            {
                return false;
            }
        }

        foreach (var node in cluster.Nodes)
        {
            cluster.Post(node, int.MaxValue);
        }

        return cluster.IsPosted();
    }

    /// <summary>After any history, when calls have ended and what is posted is known: what is left is there to be used.</summary>
    private static bool CanBeSpent(Step[] steps, int nodes)
    {
        var cluster = new BudgetCluster(Budgets, nodes) { NowUs = Noon };
        foreach (var step in steps)
        {
            Take(cluster, step);
        }

        foreach (var node in cluster.Nodes)
        {
            cluster.Release(node);
            while (node.Running.Count > 0)
            {
                cluster.End(node, 0, 1);
            }
        }

        var last = cluster.Nodes[^1];
        var used = 0L;
        var left = Math.Max(0, cluster.Left(Budgets[0]));
        for (var refusals = 0; refusals < 12; refusals++)
        {
            var standing = cluster.Begin(last, "other", 1);
            if (standing == BudgetStanding.Admitted)
            {
                cluster.End(last, 0, 1);
                used++;
                refusals = -1;
                continue;
            }

            cluster.Exchange(last);
            foreach (var node in cluster.Nodes)
            {
                Settle(cluster, node);
            }
        }

        for (var second = 0; second < 8; second++)
        {
            cluster.NowUs += HourUs;
            foreach (var node in cluster.Nodes)
            {
                Settle(cluster, node);
            }
        }

        used.ShouldBe(left);
        cluster.Nodes.Select(cluster.HeldBy).ShouldAllBe(held => held == 0);
        return true;
    }

    /// <summary>What was under way comes to its end, and a second passes.</summary>
    private static void Settle(BudgetCluster cluster, BudgetCluster.Node node)
    {
        cluster.Commit(node);
        BudgetCluster.Apply(node, isLast: true);
        BudgetCluster.Mark(node);
        cluster.Posted(node);
        cluster.Tick(node);
        cluster.Commit(node);
        BudgetCluster.Apply(node, isLast: false);
    }

    /// <summary>False: the store broke its promise.</summary>
    private static bool Take(BudgetCluster cluster, Step step)
    {
        var node = cluster.Nodes[step.Node % cluster.Nodes.Count];
        cluster.NowUs += step.ElapsedUs;
        switch (step.Act)
        {
            case Act.Begin:
                cluster.Begin(node, step.Which % 2 == 0 ? "k" : "other", step.Estimate);
                return true;
            case Act.End:
                cluster.End(node, step.Which, step.Used);
                return true;
            case Act.Post:
                cluster.Post(node, step.Which % 4);
                return true;
            case Act.Claim:
                BudgetCluster.Claim(node, node.Book.ClaimWanted());
                return true;
            case Act.Commit:
                return cluster.Commit(node);
            case Act.Apply:
                BudgetCluster.Apply(node, isLast: step.Which % 2 == 0);
                return true;
            case Act.Lose:
                // The connection breaks: the node does not learn what became of it.
                (node.Claims, node.Answers) = ([], []);
                return true;
            case Act.Mark:
                BudgetCluster.Mark(node);
                return true;
            case Act.Posted:
                cluster.Posted(node);
                return true;
            case Act.Tick:
                cluster.Tick(node);
                return true;
            case Act.Crash:
                cluster.Crash(node);
                return true;
            case Act.Release:
                cluster.Release(node);
                return true;
            default:
                cluster.Exchange(node);
                return true;
        }
    }

    private sealed record Step(long ElapsedUs, Act Act, int Node, int Estimate, int Used, int Which);

    /// <summary>A store that gives a single node all there is.</summary>
    private sealed class AloneStore(BudgetTerms[] budgets)
    {
        private readonly Lock _turn = new();

        private readonly Dictionary<string, long> _held = [];

        public void Exchange(BudgetBook book)
        {
            lock (_turn)
            {
                var answers = new List<BudgetAnswer>();
                foreach (var claim in book.ClaimWanted())
                {
                    var limit = budgets.Single(budget => budget.Id == claim.Budget).Limit;
                    var grant = BudgetSlice.Of(
                        new BudgetStock(limit, 0, 0, _held.GetValueOrDefault(claim.Budget)), claim.Keep, claim.Lacks, true);
                    _held[claim.Budget] = grant.Held;
                    answers.Add(new BudgetAnswer(claim, grant, 0, 0));
                }

                book.Apply(answers, isLast: true);
            }
        }
    }
}
