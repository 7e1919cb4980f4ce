using Sahab.Ledger.Budgets;
using Sahab.Ledger.Rating;
using Sahab.Ledger.Sales;
using Sahab.Routing.Admission;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Budgets;
using Sahab.Server.Sell.Prices;

namespace Sahab.Server.Serve.Gateway;

/// <summary>
/// What a call has to do with budgets: it reserves what it may come to before it is placed, and counts what it came to
/// when it ends. A call of an organisation without budgets passes through untouched.
/// </summary>
internal sealed class CallBudgets(
    BudgetShelf shelf, BudgetExchange exchange, SettleGate gate, PriceShelf prices, BudgetInstruments instruments,
    TimeProvider time)
{
    /// <summary>Calls that run, or other nodes, hold what is left: for so long somebody is asked to wait.</summary>
    const long HeldRetryMs = 1000;

    /// <summary>The database could not be asked for more.</summary>
    const long UnknownRetryMs = 2000;

    /// <summary>So often a call asks for more, when others were quicker to take what came.</summary>
    const int MostRounds = 4;

    /// <summary>What <see cref="Settle"/> returns of a call that holds nothing.</summary>
    const int NotInside = -1;

    /// <summary>Reserves what the call may come to; why it may not run, or nothing.</summary>
    /// <param name="mustAsk">This node must ask for more first: <see cref="AskAsync"/> decides.</param>
    public GatewayError? Reserve(Call call, out bool mustAsk)
    {
        mustAsk = false;
        if (shelf.Find(call.Key!.Tenant) is not { } budgets)
        {
            return null;
        }

        var verdict = TryReserve(call, budgets);
        mustAsk = verdict.Standing == BudgetStanding.MustAsk;
        return verdict.Admitted || mustAsk ? null : Refuse(budgets, verdict);
    }

    /// <summary>Has this node ask the store for more of the call's budgets, and reserves what it may come to.</summary>
    public async ValueTask<GatewayError?> AskAsync(Call call)
    {
        for (var round = 0; round < MostRounds && shelf.Find(call.Key!.Tenant) is { } budgets; round++)
        {
            if (!await exchange.AskAsync(budgets))
            {
                instruments.Refused(BudgetStanding.MustAsk);
                return GatewayError.BudgetUnknown(UnknownRetryMs);
            }

            var verdict = TryReserve(call, budgets);
            if (verdict.Standing != BudgetStanding.MustAsk || round == MostRounds - 1)
            {
                return verdict.Admitted ? null : Refuse(budgets, verdict);
            }
        }

        return null;
    }

    /// <summary>
    /// Counts what the call's attempts came to that were not counted yet, and gives back what it held. Whoever then hands
    /// them to the journal calls <see cref="Leave"/> after that.
    /// </summary>
    public int Settle(Call call)
    {
        if (call.BudgetLease is not { } lease)
        {
            return NotInside;
        }

        var phase = gate.Enter();
        while (call.CountedEvents < call.Events.Count)
        {
            var attempt = call.Events[call.CountedEvents++];
            if (SaleTerms.IsSold(attempt.Outcome))
            {
                lease.Settle(Use(attempt));
            }
        }

        lease.End();
        return phase;
    }

    /// <summary>What was counted has been handed to the journal, or waits for it.</summary>
    public void Leave(int phase)
    {
        if (phase != NotInside)
        {
            gate.Leave(phase);
        }
    }

    /// <summary>Gives back what the call holds, if it still does.</summary>
    public static void End(Call call) => call.BudgetLease?.End();

    BudgetVerdict TryReserve(Call call, OrganisationBudgets budgets)
    {
        var now = time.GetUtcNow();
        var key = call.Key!;
        var terms = prices.Current.TermsFor(key.Tenant, call.Route!.Name, Settlement.TierName(call), now);
        var estimate = BudgetUse.AtMost(call.Request.PromptTokens, MostOutput(call), terms);
        var verdict = budgets.Book.TryReserve(
            key.Project, key.Id, estimate, CallStamp.Of(call.Id, UnixMicroseconds.From(now)), out var lease);
        call.BudgetLease = lease;
        return verdict;
    }

    /// <summary>By the rule of whoever posts it.</summary>
    BudgetUse Use(UsageEvent attempt) => BudgetUse.Of(
        attempt.Outcome, attempt.Usage,
        prices.Current.TermsFor(attempt.Tenant, attempt.Model, attempt.ServiceTier, attempt.StartedAt));

    /// <summary>
    /// The most output that the call can have: by its own limit, else by the model's, else by what such calls had.
    /// </summary>
    static long MostOutput(Call call)
    {
        var facts = call.Facts;
        if (call.Request.OutputTokens == 0)
        {
            return 0;
        }

        var each = facts.MaxOutputTokens > 0 ? facts.MaxOutputTokens : call.Snapshot.MaxOutputTokensOf(call.Route!);
        var choices = Math.Max(1, Math.Max(facts.N, facts.BestOf)) * (long)Math.Max(1, facts.PromptCount);
        return each > 0 ? Math.Min(each, int.MaxValue) * choices : call.Request.OutputTokens;
    }

    GatewayError Refuse(OrganisationBudgets budgets, in BudgetVerdict verdict)
    {
        instruments.Refused(verdict.Standing);
        var terms = verdict.Budget!;
        var name = budgets.Budgets.GetValueOrDefault(terms.Id)?.Name ?? "";
        var (limit, left, needed) = (
            Budget.Describe(terms.Measure, terms.Limit), Budget.Describe(terms.Measure, verdict.Left),
            Budget.Describe(terms.Measure, verdict.Needed));
        if (verdict.Standing != BudgetStanding.Exhausted)
        {
            return GatewayError.BudgetHeld(terms.Id, name, limit, left, HeldRetryMs);
        }

        var resets = verdict.ResetsAtUs == long.MaxValue
            ? "It never begins anew by itself."
            : $"It begins anew at {UnixMicroseconds.ToTime(verdict.ResetsAtUs):yyyy-MM-dd'T'HH:mm:ss'Z'}.";
        return GatewayError.BudgetExceeded(terms.Id, name, PeriodOf(terms, limit), left, needed, resets);
    }

    static string PeriodOf(BudgetTerms terms, string limit) =>
        terms.Period == BudgetPeriod.Total ? $"{limit} in all" : $"{limit} per {terms.Period.ToString().ToLowerInvariant()}";
}
