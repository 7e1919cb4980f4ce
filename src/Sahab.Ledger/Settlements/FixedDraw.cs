using Sahab.Ledger.Contracts;

namespace Sahab.Ledger.Settlements;

/// <summary>
/// What a commitment draws of what is paid used or not: reserved capacity, sites of our own, baselines of committed
/// use. It follows from the contracts alone, for the past and for what is to come.
/// </summary>
public static class FixedDraw
{
    const int HoursInDay = 24;

    /// <summary>
    /// What a whole day draws. Where several commitments are open for the same, it is the first one's, as if that were
    /// not met yet.
    /// </summary>
    /// <param name="contracts">All contracts.</param>
    /// <param name="contract">The commitment's contract.</param>
    /// <param name="commitment">The commitment.</param>
    /// <param name="day">The day, of UTC.</param>
    /// <param name="today">
    /// Capacity that is still to be accepted is taken to come when it is due, or on this day where it is late.
    /// </param>
    /// <returns>In the contract's currency, or in units. At least 0.</returns>
    /// <exception cref="ArgumentException">A currency has no rate.</exception>
    public static decimal DayOf(
        ContractTimeline contracts, string contract, Commitment commitment, DateOnly day, DateOnly today)
    {
        ArgumentNullException.ThrowIfNull(contracts);
        ArgumentNullException.ThrowIfNull(commitment);
        if (contracts.ProviderOf(contract) is not { } provider || !contracts.HasHourlyCosts(provider))
        {
            return 0;
        }

        decimal Draw(int hour) => HourOf(
            contracts, provider, contract, commitment, Hour.Of(At(day).AddHours(hour)), At(today));
        var (first, last) = (Draw(0), Draw(HoursInDay - 1));

        // Terms change on any hour, but rarely; a month's fee may fall to its hours with a nano-unit of difference.
        if (decimal.Abs(first - last) < 0.000_001m)
        {
            return first * HoursInDay;
        }

        var sum = first + last;
        for (var hour = 1; hour < HoursInDay - 1; hour++)
        {
            sum += Draw(hour);
        }

        return sum;
    }

    static decimal HourOf(
        ContractTimeline contracts, string provider, string contract, Commitment commitment, Hour number,
        DateTimeOffset today)
    {
        var terms = contracts.At(provider, number).Select(each => each.Delivered(today)).ToList();
        if (terms.FirstOrDefault(each => each.Contract.Id == contract) is not { } own)
        {
            return 0;
        }

        var hour = new SettledHour(contracts, terms, number, null);
        HourlyCosts.Apply(hour);
        Discounts.Apply(hour, new SettlementState(number));
        var sum = 0m;
        foreach (var use in hour.Uses)
        {
            if (TakerOf(terms, use, number) is { } taker && taker.Contract == contract && taker.Clause == commitment.Id)
            {
                sum += Drawdown.MeasureOf(hour, use, own, commitment);
            }
        }

        return sum;
    }

    /// <summary>The first commitment in order that is open for the use.</summary>
    static (string Contract, string Clause)? TakerOf(List<ContractTerms> terms, SettledUse use, Hour hour)
    {
        foreach (var each in terms)
        {
            foreach (var commitment in each.Commitments)
            {
                if (commitment.WindowAt(hour) is not null && commitment.Counts(use.Use))
                {
                    return (each.Contract.Id, commitment.Id);
                }
            }
        }

        return null;
    }

    static DateTimeOffset At(DateOnly day) => new(day, TimeOnly.MinValue, TimeSpan.Zero);
}
