using Sahab.Ledger.Contracts;
using Sahab.Ledger.Postings;

namespace Sahab.Ledger.Settlements;

/// <summary>
/// What depends on how much was used together: committed use first, hour by hour, then volume tiers on what it leaves.
/// </summary>
static class Discounts
{
    public static void Apply(SettledHour hour, SettlementState state)
    {
        foreach (var terms in hour.Terms)
        {
            foreach (var committed in terms.CommittedUses)
            {
                ApplyCommittedUse(hour, terms, committed);
            }

            foreach (var rate in terms.Rates)
            {
                if (rate.Tiers.Count > 0)
                {
                    ApplyTiers(hour, state, terms, rate);
                }
            }
        }
    }

    static void ApplyCommittedUse(SettledHour hour, ContractTerms terms, CommittedUse committed)
    {
        var (contract, accrual) = (terms.Contract.Id, terms.Accrual);
        var covered = hour.Uses.Where(use => use.IsMetered && SettledHour.IsUnder(use, terms)
            && committed.Uses.Matches(use.Use) && use.Of(committed.Measure) > 0).ToList();
        var used = covered.Sum(use => use.Of(committed.Measure));
        if (used > 0)
        {
            var share = used <= committed.Baseline ? 1 : committed.Baseline / used;
            hour.Trace?.Cover(committed, covered, share);
            var taken = covered.Sum(use => use.TakeShare(share));
            hour.Book(terms, accrual, Account.Discount(contract, committed.Id), Amounts.Round(taken));
        }

        var fee = Amounts.Round(committed.Baseline * committed.UnitPrice);
        hour.Book(terms, Account.CommittedUseCost(contract, committed.Id), accrual, fee);
        hour.Uses.Add(new SettledUse(
            terms,
            new Use(terms.Contract.Provider, "", "", Use.CommittedUse, "", committed.Id),
            null,
            new UseSum { List = fee, Net = fee }));
    }

    static void ApplyTiers(SettledHour hour, SettlementState state, ContractTerms terms, Rate rate)
    {
        var priced = hour.Uses
            .Where(use => use.IsMetered && SettledHour.IsUnder(use, terms) && use.Rate?.Id == rate.Id).ToList();
        var spend = priced.Sum(use => use.Net);
        if (spend == 0)
        {
            return;
        }

        var period = hour.Hour.StartOf(rate.TierPeriod);
        var before = state.Volume(terms, rate, period);
        var discount = Amounts.Step(rate.TierDiscount(before), rate.TierDiscount(before + spend));
        state.SetVolume(terms, rate, period, before + spend);
        hour.Book(terms, terms.Accrual, Account.Discount(terms.Contract.Id, rate.Id), discount);
        foreach (var use in priced)
        {
            use.Net -= discount * (use.Net / spend);
        }
    }
}
