using Sahab.Ledger.Contracts;
using Sahab.Ledger.Postings;

namespace Sahab.Ledger.Settlements;

/// <summary>What an hour costs whether anything is used or not, and what lateness earns.</summary>
static class HourlyCosts
{
    public static void Apply(SettledHour hour)
    {
        foreach (var terms in hour.Terms)
        {
            foreach (var tranche in terms.Tranches)
            {
                BookFee(hour, terms, tranche);
                BookLateness(hour, terms, tranche);
            }

            foreach (var site in terms.Sites)
            {
                BookSite(hour, terms, site);
            }

            foreach (var credit in terms.Credits)
            {
                if (credit.GrantedAt == hour.Hour.Start)
                {
                    hour.Book(terms, terms.Accrual, Account.Credit(terms.Contract.Id, credit.Id), credit.Amount);
                }
            }
        }
    }

    static void BookFee(SettledHour hour, ContractTerms terms, CapacityTranche tranche)
    {
        var fee = terms.Fees.FirstOrDefault(fee => fee.Tranches.Contains(tranche.Id));
        if (fee is null || !tranche.IsHeld(hour.Hour))
        {
            return;
        }

        var units = tranche.Gpus > 0 ? tranche.Gpus : tranche.Megawatts;
        BookFixed(hour, terms, Account.ReservedCost(terms.Contract.Id, tranche.Id), fee.MonthlyFor(tranche),
            UseOf(terms, tranche.Site, tranche.Country, Use.Capacity, tranche.Id), units);
    }

    static void BookLateness(SettledHour hour, ContractTerms terms, CapacityTranche tranche)
    {
        if (tranche.Late is not { } late || tranche.IsHeld(hour.Hour))
        {
            return;
        }

        var hours = hour.Hour.Number - Hour.Of(tranche.DueAt.AddDays(late.GraceDays)).Number;
        if (hours >= 0 && hours < late.MaxDays * 24L)
        {
            var amount = Amounts.Step(late.PerDay * hours / 24, late.PerDay * (hours + 1) / 24);
            hour.Book(terms, terms.Accrual, Account.Credit(terms.Contract.Id, tranche.Id), amount);
        }
    }

    static void BookSite(SettledHour hour, ContractTerms terms, OwnSite site)
    {
        BookFixed(hour, terms, Account.SiteCost(terms.Contract.Id, site.Id), site.FixedPerMonth,
            UseOf(terms, site.Region, site.Country, Use.Site, site.Id), site.Megawatts);
        var drawn = site.Megawatts * site.LoadFactor;
        BookFixed(hour, terms, Account.EnergyCost(terms.Contract.Id, site.Id),
            drawn * site.EnergyPerMegawattHour * hour.Hour.HoursInMonth,
            UseOf(terms, site.Region, site.Country, Use.Energy, site.Id), drawn);
    }

    static void BookFixed(
        SettledHour hour, ContractTerms terms, Account cost, decimal monthly, Use use, decimal quantity)
    {
        var amount = Amounts.OfMonth(monthly, hour.Hour);
        hour.Book(terms, cost, terms.Accrual, amount);
        var sum = new UseSum { List = amount, Net = amount, Quantity = quantity };
        hour.Uses.Add(new SettledUse(terms, use, null, sum));
    }

    static Use UseOf(ContractTerms terms, string region, string country, string service, string id) =>
        new(terms.Contract.Provider, region, country, service, "", id);
}
