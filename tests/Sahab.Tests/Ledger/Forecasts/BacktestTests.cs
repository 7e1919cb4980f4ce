using System.Globalization;
using Sahab.Ledger.Forecasts;
using Sahab.Tests.House;
using Xunit.Abstractions;

namespace Sahab.Tests.Ledger.Forecasts;

/// <summary>
/// How the forecast would have done on two weeks of real demand: three models, requests and tokens each. At each day
/// from the fourth on, and, with hours for days and the day for the week, at every 25th hour from the third day on.
/// The figures stand in <c>docs/burn-down.md</c>.
/// </summary>
public class BacktestTests(ITestOutputHelper output)
{
    static readonly DateOnly First = new(2026, 1, 1);

    [Fact]
    public void Days_of_real_demand_are_forecast_as_documented()
    {
        var outcomes = Measure(windows: 144, season: 7, from: 3, every: 1, [1, 7]);

        Hold(
            ("| a day ahead, from 3 to 13 days |", outcomes[0]),
            ("| the next 7 days together, from 3 to 7 days |", outcomes[1]));
    }

    [Fact]
    public void Hours_of_real_demand_are_forecast_as_documented()
    {
        var outcomes = Measure(windows: 6, season: 24, from: 48, every: 25, [24, 168]);

        Hold(
            ("| the next 24 hours together, from 48 to 298 hours |", outcomes[0]),
            ("| the next 168 hours together, from 48 to 148 hours |", outcomes[1]));
    }

    /// <summary>The lines of the document begin so and have these figures, and the bands hold what they promise.</summary>
    void Hold(params (string Line, Outcome Outcome)[] outcomes)
    {
        var rows = outcomes.Select(each => string.Create(
            CultureInfo.InvariantCulture,
            $"{each.Line} {each.Outcome.Forecasts} | {each.Outcome.Error:0.0} % | {each.Outcome.Flat:0.0} % | {each.Outcome.Held:0} % |"))
            .ToList();
        output.WriteLine(string.Join('\n', rows));

        rows.ShouldAllBe(row => Repository.Read("docs/burn-down.md").Contains(row, StringComparison.Ordinal));
        outcomes.ShouldAllBe(each => each.Outcome.Held >= 80);
    }

    static Outcome[] Measure(int windows, int season, int from, int every, int[] aheads)
    {
        var tallies = Array.ConvertAll(aheads, _ => new Tally());
        foreach (var series in SeriesOf(windows))
        {
            for (var known = from; known + aheads[0] <= series.Length; known += every)
            {
                var today = First.AddDays(known);
                var forecast = DrawForecast.Of(
                    DailyHistory.Of(series.Select((amount, at) => new DailyAmount(First.AddDays(at), amount)), today),
                    season);
                var flat = series[..known].TakeLast(season).Average();
                for (var i = 0; i < aheads.Length && known + aheads[i] <= series.Length; i++)
                {
                    tallies[i].Add(
                        forecast.Total(today, today.AddDays(aheads[i])), aheads[i] * flat,
                        series[known..(known + aheads[i])].Sum());
                }
            }
        }

        return Array.ConvertAll(tallies, tally => tally.Outcome());
    }

    /// <summary>Columns with figures for the whole fortnight, added up by so many windows of ten minutes.</summary>
    static IEnumerable<decimal[]> SeriesOf(int windows)
    {
        var rows = Repository.ReadLines("samples/traces/demand-two-weeks.csv")
            .Where(line => line.Length > 0).Select(line => line.Split(',')).ToList();
        for (var column = 1; column < rows[0].Length; column++)
        {
            if (rows[0][column].StartsWith("m-", StringComparison.Ordinal))
            {
                var at = column;
                yield return [.. rows.Skip(1).Chunk(windows).Select(chunk =>
                    chunk.Sum(row => decimal.Parse(row[at], CultureInfo.InvariantCulture)))];
            }
        }
    }

    static decimal MiddleOf(List<decimal> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }

    sealed class Tally
    {
        readonly List<decimal> _errors = [];
        readonly List<decimal> _flats = [];
        int _held;

        public void Add(Estimate estimate, decimal flat, decimal came)
        {
            _errors.Add(decimal.Abs(estimate.Expected - came) / came);
            _flats.Add(decimal.Abs(flat - came) / came);
            _held += estimate.Low <= came && came <= estimate.High ? 1 : 0;
        }

        public Outcome Outcome() => new(
            _errors.Count, 100 * MiddleOf(_errors), 100 * MiddleOf(_flats), 100m * _held / _errors.Count);
    }

    /// <param name="Forecasts">How many were made.</param>
    /// <param name="Error">The middle of their errors, in per cent of what came.</param>
    /// <param name="Flat">The same of the mean of the last season, carried on.</param>
    /// <param name="Held">How many of the bands held what came, in per cent.</param>
    sealed record Outcome(int Forecasts, decimal Error, decimal Flat, decimal Held);
}
