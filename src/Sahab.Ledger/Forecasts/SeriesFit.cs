namespace Sahab.Ledger.Forecasts;

/// <summary>
/// Level, trend and season of a series, each such that a few days out of the ordinary do not move it. Statistics, not
/// money: binary fractions are exact enough, and each figure scales with the series.
/// </summary>
/// <param name="Level">Where the series stands at its end, its season apart. At least 0.</param>
/// <param name="Slope">By how much it rises from one step to the next, before it fades.</param>
/// <param name="Season">What each place of the period takes of the level; 1 on average. Empty: none is known.</param>
/// <param name="Carry">By how many steps the trend is carried on, all in all.</param>
/// <param name="Length">Steps that it was made of.</param>
sealed record SeriesFit(double Level, double Slope, double[] Season, double Carry, int Length)
{
    /// <summary>From how much of the level on a place of the period says something about the level.</summary>
    const double LeastTelling = 0.2;

    const int SeasonPeriods = 12;

    const int TrendPeriods = 8;

    const int LevelPeriods = 2;

    /// <summary>Used where most steps are nothing, so that no middle tells anything.</summary>
    const int SparsePeriods = 4;

    const int MostSlopePoints = 64;

    /// <summary>The most periods by which a trend is carried on.</summary>
    const double MostCarryPeriods = 8;

    /// <summary>Fits the first steps of a series.</summary>
    /// <param name="series">Values of at least 0.</param>
    /// <param name="period">Steps after which the season comes again.</param>
    public static SeriesFit Of(ReadOnlySpan<double> series, int period)
    {
        if (series.IsEmpty)
        {
            return new SeriesFit(0, 0, [], 0, 0);
        }

        var season = SeasonOf(series, period);
        var points = new List<(int At, double Value)>();
        for (var at = int.Max(0, series.Length - (TrendPeriods * period)); at < series.Length; at++)
        {
            var share = season.Length == 0 ? 1 : season[at % period];
            if (share >= LeastTelling)
            {
                points.Add((at, series[at] / share));
            }
        }

        var slope = SlopeOf(points) * double.Clamp((series.Length - period) / (3.0 * period), 0, 1);
        var level = LevelOf(points, slope, series.Length - 1, period);
        return new SeriesFit(
            level, slope, season, double.Min(series.Length / 3.0, MostCarryPeriods * period), series.Length);
    }

    /// <summary>The value so many steps after the last. At least 0.</summary>
    public double At(int steps)
    {
        var fading = Carry / (Carry + 1);
        var carried = Carry * (1 - double.Pow(fading, steps));
        var share = Season.Length == 0 ? 1 : Season[(Length - 1 + steps) % Season.Length];
        return double.Max(0, Level + (Slope * carried)) * share;
    }

    /// <summary>
    /// Each place's share: the middle of what it was beside the middle of the period about it. Pulled toward 1 while it
    /// was seen a few times only.
    /// </summary>
    static double[] SeasonOf(ReadOnlySpan<double> series, int period)
    {
        if (series.Length < 2 * period)
        {
            return [];
        }

        var ratios = new List<double>[period];
        for (var place = 0; place < period; place++)
        {
            ratios[place] = [];
        }

        for (var at = int.Max(0, series.Length - (SeasonPeriods * period)); at < series.Length; at++)
        {
            var about = series.Slice(int.Clamp(at - (period / 2), 0, series.Length - period), period);
            var middle = Middle(about.ToArray());
            middle = middle > 0 ? middle : Mean(about);
            if (middle > 0)
            {
                ratios[at % period].Add(series[at] / middle);
            }
        }

        var season = Array.ConvertAll(ratios, seen =>
            seen.Count == 0 ? 1 : 1 + ((Middle([.. seen]) - 1) * Trust(seen.Count)));
        var mean = Mean(season);
        return mean > 0 ? Array.ConvertAll(season, share => share / mean) : [];
    }

    /// <summary>How far a place's share is believed that was seen so often: 2/3 of twice, 8/9 of four times.</summary>
    static double Trust(int seen) => seen * seen / ((seen * seen) + 2.0);

    /// <summary>The middle of the slopes between any two points, less the more the points contradict it.</summary>
    static double SlopeOf(List<(int At, double Value)> points)
    {
        // Pairs grow with the square of the points; so many tell as much as all.
        var every = 1 + (points.Count / MostSlopePoints);
        points = every == 1 ? points : [.. points.Where((_, index) => index % every == 0)];
        var slopes = new List<double>(points.Count * points.Count / 2);
        var balance = 0;
        for (var i = 0; i < points.Count; i++)
        {
            for (var j = i + 1; j < points.Count; j++)
            {
                var slope = (points[j].Value - points[i].Value) / (points[j].At - points[i].At);
                balance += double.Sign(slope);
                slopes.Add(slope);
            }
        }

        return slopes.Count == 0 ? 0 : Middle([.. slopes]) * int.Abs(balance) / slopes.Count;
    }

    static double LevelOf(List<(int At, double Value)> points, double slope, int last, int period)
    {
        var recent = Recent(points, slope, last, LevelPeriods * period);
        if (recent.Length == 0)
        {
            return 0;
        }

        var middle = Middle([.. recent]);
        if (middle <= 0)
        {
            return double.Max(0, Mean(Recent(points, slope, last, SparsePeriods * period)));
        }

        // What lies far from the middle counts as if it lay at the edge: a mean, so that nothing is lost on average.
        var spread = 1.4826 * Middle(Array.ConvertAll(recent, value => double.Abs(value - middle)));
        var most = 3 * double.Max(spread, 0.05 * middle);
        return double.Max(
            0, Mean(Array.ConvertAll(recent, value => double.Clamp(value, middle - most, middle + most))));
    }

    /// <summary>The last points, each moved to the end along the trend.</summary>
    static double[] Recent(List<(int At, double Value)> points, double slope, int last, int steps) =>
    [
        .. points.Where(point => point.At > last - steps).Select(point => point.Value + (slope * (last - point.At))),
    ];

    internal static double Middle(double[] values)
    {
        Array.Sort(values);
        var half = values.Length / 2;
        return values.Length == 0 ? 0
            : values.Length % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
    }

    static double Mean(ReadOnlySpan<double> values)
    {
        var sum = 0.0;
        foreach (var value in values)
        {
            sum += value;
        }

        return values.IsEmpty ? 0 : sum / values.Length;
    }
}
