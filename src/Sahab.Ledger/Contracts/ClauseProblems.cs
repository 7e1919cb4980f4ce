namespace Sahab.Ledger.Contracts;

/// <summary>What contradicts itself in one clause.</summary>
static class ClauseProblems
{
    public static void AddOf(string place, Clause clause, List<string> problems)
    {
        Check(clause.Id.Length > 0, place, "has no id", problems);
        Check(
            clause.Source.Document.Length > 0 && clause.Source.Page > 0,
            place, "names no document, or no page from 1", problems);
        ContractProblems.WholeHour(place, "from", clause.From, problems);
        ContractProblems.WholeHour(place, "until", clause.Until, problems);
        Check(clause.From is null || clause.Until is null || clause.From < clause.Until,
            place, "ends before it begins", problems);
        switch (clause)
        {
            case Commitment commitment:
                AddOf(place, commitment, problems);
                break;
            case Rate rate:
                AddOf(place, rate, problems);
                break;
            case CommittedUse use:
                Check(use.Baseline > 0, place, "the baseline is above 0", problems);
                Check(use.UnitPrice >= 0, place, "a price is at least 0", problems);
                break;
            case Prepayment paid:
                Check(paid.Amount > 0, place, "the amount is above 0", problems);
                Check(paid.Share is > 0 and <= 1, place, "the share is above 0 and at most 1", problems);
                ContractProblems.WholeHour(place, "paid at", paid.PaidAt, problems);
                break;
            case Credit credit:
                Check(credit.Amount > 0, place, "the amount is above 0", problems);
                ContractProblems.WholeHour(place, "granted at", credit.GrantedAt, problems);
                break;
            case CapacityTranche tranche:
                AddOf(place, tranche, problems);
                break;
            case ReservedFee fee:
                Check(fee.PerMonth >= 0, place, "a fee is at least 0", problems);
                Check(fee.Tranches.Count > 0, place, "names no tranche", problems);
                break;
            case OwnSite site:
                Check(site.Megawatts >= 0 && site.EnergyPerMegawattHour >= 0 && site.FixedPerMonth >= 0,
                    place, "power and prices are at least 0", problems);
                Check(IsShare(site.LoadFactor), place, "the load factor is from 0 to 1", problems);
                break;
            case ServiceLevel level:
                AddOf(place, level, problems);
                break;
            case FirstRefusal right:
                Check(right.NoticeDays >= 1, place, "the notice window is at least one day", problems);
                Check(right.SignWithinDays is null or >= 1, place, "the days to sign are at least one", problems);
                Check(right.FromMegawatts >= 0, place, "power is at least 0", problems);
                break;
            default:
                break;
        }
    }

    static void AddOf(string place, Commitment commitment, List<string> problems)
    {
        var windows = commitment.Windows;
        Check(windows.Count > 0, place, "has no window", problems);
        for (var i = 0; i < windows.Count; i++)
        {
            ContractProblems.WholeHour(place, "window from", windows[i].From, problems);
            ContractProblems.WholeHour(place, "window until", windows[i].Until, problems);
            Check(windows[i].From < windows[i].Until, place, "a window ends before it begins", problems);
            Check(windows[i].Amount >= 0, place, "the amount of a window is at least 0", problems);
            Check(i == 0 || windows[i - 1].Until <= windows[i].From,
                place, "windows overlap or are out of order", problems);
        }

        Check(IsShare(commitment.OwedShare) && IsShare(commitment.SurplusRollover)
            && IsShare(commitment.ShortfallRollover) && commitment.Caps.All(cap => IsShare(cap.Share)),
            place, "shares are from 0 to 1", problems);
        Check(commitment.UnitPrice >= 0, place, "a price is at least 0", problems);
        Check(commitment.Measure == Measure.Quantity || commitment.UnitPrice == 0,
            place, "a unit price is for commitments to quantities", problems);
    }

    static void AddOf(string place, Rate rate, List<string> problems)
    {
        Check(IsShare(rate.Discount) && rate.Discount.Scale <= 6,
            place, "a discount is from 0 to 1, with at most six decimals", problems);
        Check(rate.UnitPrice is null or >= 0, place, "a price is at least 0", problems);
        Check(rate.Tokens is null || rate.Tokens.Value.IsConsistent, place, "a price is at least 0", problems);
        for (var i = 0; i < rate.Tiers.Count; i++)
        {
            Check(IsShare(rate.Tiers[i].Discount), place, "a tier's discount is from 0 to 1", problems);
            Check(rate.Tiers[i].From >= (i == 0 ? 0 : rate.Tiers[i - 1].From) && (i == 0
                || rate.Tiers[i].From > rate.Tiers[i - 1].From), place, "tiers begin one above the other", problems);
        }
    }

    static void AddOf(string place, CapacityTranche tranche, List<string> problems)
    {
        ContractProblems.WholeHour(place, "due at", tranche.DueAt, problems);
        ContractProblems.WholeHour(place, "accepted at", tranche.AcceptedAt, problems);
        Check(tranche.Site.Length > 0, place, "names no site", problems);
        Check(tranche.Gpus >= 0 && tranche.Megawatts >= 0, place, "GPUs and power are at least 0", problems);
        Check(tranche.ExitAfterDays is null or >= 0, place, "the days until exit are at least 0", problems);
        Check(tranche.Late is null or { PerDay: > 0, GraceDays: >= 0, MaxDays: >= 1 },
            place, "a credit for lateness has an amount above 0, grace of at least 0 and an end of at least 1 day",
            problems);
    }

    static void AddOf(string place, ServiceLevel level, List<string> problems)
    {
        Check(level.Steps.Count > 0, place, "has no step; say below which availability what is credited", problems);
        Check(level.MinAttempts >= 1, place, "is measured from at least one attempt", problems);
        Check(level.ClaimWithinDays >= 1, place, "the days to claim are at least one", problems);
        for (var i = 0; i < level.Steps.Count; i++)
        {
            var step = level.Steps[i];
            Check(step.Below is > 0 and <= 1 && step.Credit is > 0 and <= 1,
                place, "thresholds and credits are above 0 and at most 1", problems);
            Check(i == 0 || (step.Below < level.Steps[i - 1].Below && step.Credit > level.Steps[i - 1].Credit),
                place, "steps go down in availability and up in credit; order them so", problems);
        }
    }

    static bool IsShare(decimal share) => share is >= 0 and <= 1;

    static void Check(bool holds, string place, string problem, List<string> problems)
    {
        if (!holds)
        {
            problems.Add($"{place}: {problem}");
        }
    }
}
