using Sahab.Ledger.Contracts;

namespace Sahab.Ledger.Settlements;

/// <summary>
/// What one provider's contracts come to, line by line. It is the same fold over hours as the ledger's, so that what its
/// lines bill is what the ledger owes; the ledger posts sums by account, and a statement says of what.
/// </summary>
public static class Statement
{
    /// <summary>The lines of all hours that end by then, in order of time; uses of an hour apart.</summary>
    /// <param name="contracts">The contracts as they are known.</param>
    /// <param name="provider">Whose.</param>
    /// <param name="charges">What was used, by these contracts; those of other providers are passed over.</param>
    /// <param name="until">A whole hour.</param>
    public static IReadOnlyList<StatementLine> Of(
        ContractTimeline contracts, string provider, IEnumerable<Charge> charges, DateTimeOffset until)
    {
        ArgumentNullException.ThrowIfNull(contracts);
        ArgumentNullException.ThrowIfNull(charges);
        var lines = new List<StatementLine>();
        var used = new Dictionary<Hour, SortedDictionary<Use, UseSum>>();
        var end = Hour.Of(until);
        foreach (var charge in charges.Where(each =>
            each.Use.Provider == provider && Hour.Of(each.At) < end && !each.IsBeforeBooks))
        {
            if (charge.Contract is null)
            {
                lines.Add(Uncontracted(charge));
            }
            else
            {
                Add(used, charge);
            }
        }

        if (contracts.StartOf(provider) is { } start)
        {
            for (var fold = new StatementFold(contracts, provider, start); fold.Next < end;)
            {
                lines.AddRange(fold.Settle(used.GetValueOrDefault(fold.Next)));
            }
        }

        return [.. lines.OrderBy(line => line.BookedAt)];
    }

    /// <summary>Puts lines about the same thing together that lie in the same hour, day or month.</summary>
    /// <param name="lines">Lines of one statement.</param>
    /// <param name="beginOf">The beginning of the span that an instant lies in.</param>
    /// <param name="endOf">The end of the span that begins then.</param>
    public static IReadOnlyList<StatementLine> Sum(
        IEnumerable<StatementLine> lines,
        Func<DateTimeOffset, DateTimeOffset> beginOf,
        Func<DateTimeOffset, DateTimeOffset> endOf)
    {
        ArgumentNullException.ThrowIfNull(lines);
        ArgumentNullException.ThrowIfNull(beginOf);
        ArgumentNullException.ThrowIfNull(endOf);
        return
        [
            .. lines.GroupBy(line => IsByTheHour(line)
                    ? (line.Kind, line.Contract, line.Clause, line.Use, From: beginOf(line.From),
                        Until: endOf(beginOf(line.From)))
                    : (line.Kind, line.Contract, line.Clause, line.Use, line.From, line.Until))
                .Select(group => Merge([.. group]) with { From = group.Key.From, Until = group.Key.Until }),
        ];
    }

    static bool IsByTheHour(StatementLine line) => line.Kind is StatementKind.Use or StatementKind.CoveredUse
        or StatementKind.UnusedBaseline or StatementKind.Baseline or StatementKind.Fixed or StatementKind.Credit;

    static StatementLine Merge(IReadOnlyList<StatementLine> lines) => lines.Count == 1 ? lines[0] : lines[0] with
    {
        Quantity = lines.Sum(line => line.Quantity),
        CommittedQuantity = lines[0].CommittedQuantity is null ? null : lines.Sum(line => line.CommittedQuantity),
        List = lines.Sum(line => line.List),
        Contracted = lines.Sum(line => line.Contracted),
        Effective = lines.Sum(line => line.Effective),
        Billed = lines.Sum(line => line.Billed),
        BilledUsd = lines.Sum(line => line.BilledUsd),
        EffectiveUsd = lines.Sum(line => line.EffectiveUsd),
    };

    static void Add(Dictionary<Hour, SortedDictionary<Use, UseSum>> used, Charge charge)
    {
        var hour = Hour.Of(charge.At);
        if (!used.TryGetValue(hour, out var uses))
        {
            used.Add(hour, uses = []);
        }

        if (!uses.TryGetValue(charge.Use, out var sum))
        {
            uses.Add(charge.Use, sum = new UseSum());
        }

        sum.List += charge.List;
        sum.Net += charge.Net;
        sum.Quantity += charge.Quantity;
        sum.Nano += charge.Cost.Value;
    }

    static StatementLine Uncontracted(Charge charge)
    {
        var hour = Hour.Of(charge.At);
        return new StatementLine
        {
            Kind = StatementKind.Use,
            Provider = charge.Use.Provider,
            Use = charge.Use,
            From = hour.Start,
            Until = hour.End,
            BookedAt = hour.Start,
            Quantity = charge.Quantity,
            List = charge.List,
            Contracted = charge.Net,
            Effective = charge.Net,
            Billed = charge.Net,
            BilledUsd = charge.Cost.ToUsd(),
            EffectiveUsd = charge.Cost.ToUsd(),
        };
    }

    /// <summary>Settles an hour that has a trace, and tells of it.</summary>
    internal static IReadOnlyList<StatementLine> Settle(SettledHour hour, SettlementState state)
    {
        HourlyCosts.Apply(hour);
        Discounts.Apply(hour, state);
        Drawdown.Apply(hour, state);
        Payments.Apply(hour, state);
        var trace = hour.Trace!;
        return
        [
            .. trace.Paid.Select(paid => OfMoney(hour, paid.Terms, paid.Prepayment)),
            .. hour.Uses.SelectMany(use => OfUse(hour, use)),
            .. trace.Expired.Where(of => of.Left > 0).Select(of => OfExpired(hour, of.Terms, of.Prepayment, of.Left)),
            .. trace.Owed.Where(of => of.Owed > 0).Select(of => OfOwed(hour, of.Terms, of.Commitment, of.Window, of.Owed)),
            .. hour.Terms.SelectMany(terms => OfCredits(hour, terms)),
        ];
    }

    static IEnumerable<StatementLine> OfUse(SettledHour hour, SettledUse use)
    {
        var paid = hour.Trace!.PaidAhead(use.Terms, use.Use);
        var line = Priced(hour, use.Terms, new StatementLine
        {
            Kind = use.IsMetered ? StatementKind.Use : StatementKind.Fixed,
            Provider = use.Use.Provider,
            Use = use.Use,
            From = hour.Hour.Start,
            Until = hour.Hour.End,
            BookedAt = hour.Hour.Start,
            Quantity = use.Quantity,
            List = use.List,
            Contracted = use.Net,
            Effective = use.Net,
            Billed = use.Net - paid,
        });
        return use.IsMetered || use.Use.Service != Use.CommittedUse
            ? use.Quantity == 0 && use.List == 0 && use.Net == 0 ? [] : [line]
            : OfBaseline(hour, use, line);
    }

    static IEnumerable<StatementLine> OfBaseline(SettledHour hour, SettledUse fee, StatementLine line)
    {
        var clause = fee.Terms.Find<CommittedUse>(fee.Use.Deployment)!;
        var covered = hour.Trace!.Covered
            .Where(each => ReferenceEquals(each.Clause, clause) && each.Terms.Contract.Id == fee.Terms.Contract.Id).ToList();
        var isMoney = clause.Measure == Measure.Spend;
        // Of money, what is paid for the baseline is counted; of units, the units.
        var whole = isMoney ? fee.Net : clause.Baseline;
        line = line with { Clause = clause.Id, CommitsMoney = isMoney };
        if (line.Billed > 0)
        {
            var part = line.Billed / fee.Net;
            yield return Priced(hour, fee.Terms, line with
            {
                Kind = StatementKind.Baseline,
                Use = null,
                Quantity = clause.Baseline * part,
                CommittedQuantity = whole * part,
                List = line.Billed,
                Contracted = line.Billed,
                Effective = 0,
            });
        }

        foreach (var each in covered)
        {
            var part = PartOf(each, clause);
            yield return Priced(hour, fee.Terms, line with
            {
                Kind = StatementKind.CoveredUse,
                Use = each.Use,
                Quantity = each.Quantity,
                CommittedQuantity = whole * part,
                List = each.List,
                Contracted = each.Net,
                Effective = fee.Net * part,
                Billed = 0,
            });
        }

        var unused = 1 - covered.Sum(each => PartOf(each, clause));
        if (Amounts.Round(fee.Net * unused) > 0)
        {
            yield return Priced(hour, fee.Terms, line with
            {
                Kind = StatementKind.UnusedBaseline,
                Use = null,
                Quantity = clause.Baseline * unused,
                CommittedQuantity = whole * unused,
                List = fee.Net * unused,
                Contracted = fee.Net * unused,
                Effective = fee.Net * unused,
                Billed = 0,
            });
        }
    }

    /// <summary>The part of the baseline that it took, rounded far beyond any amount: thirds add up to 1.</summary>
    static decimal PartOf(Coverage covered, CommittedUse clause) =>
        decimal.Round(covered.Of(clause.Measure) / clause.Baseline, 20);

    static StatementLine OfMoney(SettledHour hour, ContractTerms terms, Prepayment paid) => Priced(hour, terms, new StatementLine
    {
        Kind = StatementKind.Prepayment,
        Provider = terms.Contract.Provider,
        // What is there for a baseline alone is the upfront part of its price.
        Clause = terms.CommittedUses.FirstOrDefault(paid.Pays)?.Id ?? paid.Id,
        CommittedQuantity = terms.CommittedUses.Any(paid.Pays) ? paid.Amount : null,
        CommitsMoney = true,
        From = paid.PaidAt,
        Until = paid.Until ?? terms.Version.Ends ?? DateTimeOffset.MaxValue,
        BookedAt = hour.Hour.Start,
        Quantity = 1,
        List = paid.Amount,
        Contracted = paid.Amount,
        Billed = paid.Amount,
    });

    static StatementLine OfExpired(SettledHour hour, ContractTerms terms, Prepayment paid, decimal left) =>
        Priced(hour, terms, new StatementLine
        {
            Kind = StatementKind.Expired,
            Provider = terms.Contract.Provider,
            Clause = paid.Id,
            From = paid.PaidAt,
            Until = hour.Hour.End,
            BookedAt = hour.Hour.Start,
            Quantity = left / paid.Amount,
            List = left,
            Contracted = left,
            Effective = left,
        });

    static StatementLine OfOwed(
        SettledHour hour, ContractTerms terms, Commitment commitment, CommitmentWindow window, decimal owed) =>
        Priced(hour, terms, new StatementLine
        {
            Kind = StatementKind.Shortfall,
            Provider = terms.Contract.Provider,
            Clause = commitment.Id,
            From = window.From,
            Until = window.Until,
            BookedAt = hour.Hour.Start,
            Quantity = window.Amount * commitment.UnitWorth == 0 ? 1 : owed / (window.Amount * commitment.UnitWorth),
            List = owed,
            Contracted = owed,
            Effective = owed,
            Billed = owed,
        });

    static IEnumerable<StatementLine> OfCredits(SettledHour hour, ContractTerms terms)
    {
        const string prefix = "cost:credit:";
        var rate = hour.UsdPerUnit(terms);
        return hour.LinesOf(terms).Amounts.Where(line => line.Account.Name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(line => Priced(hour, terms, new StatementLine
            {
                Kind = StatementKind.Credit,
                Provider = terms.Contract.Provider,
                Clause = Uri.UnescapeDataString(line.Account.Name[(line.Account.Name.LastIndexOf(':') + 1)..]),
                From = hour.Hour.Start,
                Until = hour.Hour.End,
                BookedAt = hour.Hour.Start,
                Quantity = 1,
                Effective = line.Nano / Money.NanoUsd.PerUsd / rate,
                Billed = line.Nano / Money.NanoUsd.PerUsd / rate,
            }));
    }

    static StatementLine Priced(SettledHour hour, ContractTerms terms, StatementLine line)
    {
        var rate = hour.UsdPerUnit(terms);
        return line with
        {
            Contract = terms.Contract.Id,
            Currency = terms.Contract.Currency,
            UsdPerUnit = rate,
            BilledUsd = line.Billed * rate,
            EffectiveUsd = line.Effective * rate,
        };
    }
}
