using Sahab.Planning.Scenarios;
using Sahab.Planning.Traces;

namespace Sahab.Planning.Traffic;

/// <summary>
/// How many calls come at a time: the mean rate, times the day, the week, growth and spikes. Constant within pieces of
/// a 288th of a day (five minutes of a day of 24 hours).
/// </summary>
internal sealed class RateCurve
{
    const int PiecesPerDay = 288;
    const int DaysPerWeek = 7;
    const int WeekendDays = 2;

    readonly TrafficTerms _terms;
    readonly (double FromMs, double ToMs, double Factor)[] _spikes;
    readonly double _dayMs;
    readonly double _callsPerMs;

    public RateCurve(Scenario scenario, TrafficTerms terms)
    {
        _terms = terms;
        _dayMs = scenario.Day.TotalMilliseconds;
        _callsPerMs = terms.CallsPerHour / TimeSpan.FromHours(1).TotalMilliseconds;
        _spikes =
        [
            .. scenario.Spikes.Where(spike => spike.Traffic == terms.Id).Select(spike => (
                spike.From.TotalMilliseconds, (spike.From + spike.Length).TotalMilliseconds, spike.Factor)),
        ];
        PieceMs = _dayMs / PiecesPerDay;
    }

    /// <summary>How long the rate stays as it is.</summary>
    public double PieceMs { get; }

    /// <summary>Calls in a millisecond in a piece, counted from 0: those of its middle.</summary>
    public double RateIn(long piece)
    {
        var middle = (piece + 0.5) * PieceMs;
        var days = middle / _dayMs;
        var rate = SeasonOf(_callsPerMs, piece, days) * Math.Pow(1 + _terms.GrowthPerWeek, days / DaysPerWeek);
        foreach (var (from, to, factor) in _spikes)
        {
            rate *= middle >= from && middle < to ? factor : 1;
        }

        return rate;
    }

    /// <summary>By how much prompts and answers in a piece are longer than those of the trace, on average.</summary>
    public (double Prompt, double Output) LengthsIn(long piece)
    {
        if (_terms.Demand is not { } demand)
        {
            return (1, 1);
        }

        var (prompt, output) = demand.TokensIn(WindowOf(demand, piece));
        return (
            prompt > 0 ? prompt / _terms.Trace.MeanPrompt : 1, output > 0 ? output / _terms.Trace.MeanOutput : 1);
    }

    // The demand's days are as long as the scenario's.
    static long WindowOf(DemandCurve demand, long piece) =>
        (long)((piece + 0.5) / PiecesPerDay * (TimeSpan.FromDays(1) / demand.Window));

    double SeasonOf(double rate, long piece, double days)
    {
        if (_terms.Demand is { } demand)
        {
            return rate * demand.RateIn(WindowOf(demand, piece));
        }

        var daily = 1 + (_terms.DailySwing * Math.Cos(2 * Math.PI * (days - _terms.Peak)));
        var isWeekend = (long)days % DaysPerWeek >= DaysPerWeek - WeekendDays;
        var weekly = isWeekend
            ? 1 - _terms.WeekendDrop
            : 1 + (_terms.WeekendDrop * WeekendDays / (DaysPerWeek - WeekendDays));
        return rate * daily * weekly;
    }
}
