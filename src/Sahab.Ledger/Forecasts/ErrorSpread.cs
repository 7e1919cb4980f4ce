namespace Sahab.Ledger.Forecasts;

/// <summary>
/// How far off forecasts of this series were, so many steps ahead, as a part of what was forecast: had they been made
/// at earlier steps from what was known then. Within this were <see cref="Coverage"/> of them.
/// </summary>
/// <remarks>
/// Where the series is too short to tell, an error is taken to grow with the time ahead from what it was nearer: faster
/// than with its root, as that of a random walk does, because a drift that was missed goes on. At one step it is
/// supposed to be <see cref="Unknown"/>, further ahead not more than <see cref="MostSupposed"/>. What was seen counts by
/// how many stretches that do not overlap it was seen in, what is supposed as one.
/// </remarks>
sealed class ErrorSpread
{
    /// <summary>The part of outcomes that a band is to hold.</summary>
    public const double Coverage = 0.8;

    /// <summary>The error of one step where nothing is known, as a part of what was forecast.</summary>
    const double Unknown = 0.5;

    /// <summary>The most that is supposed where nothing was seen: all of it, or as much again.</summary>
    const double MostSupposed = 1;

    /// <summary>
    /// What never erred is not certain either: an error is at least this at one step, growing with the root of the time.
    /// </summary>
    const double Least = 0.002;

    /// <summary>The power of the time ahead with which errors grow that were not seen.</summary>
    const double Growth = 0.75;

    const int MostOrigins = 120;

    const int FirstOrigin = 3;

    /// <summary>Below this part of the level, errors are measured by it.</summary>
    const double LeastShare = 0.1;

    /// <summary>How far ahead errors are measured; between these they are interpolated.</summary>
    static readonly int[] Steps = [1, 2, 3, 5, 7, 10, 14, 21, 28, 42, 56, 84, 112, 168, 224, 336];

    readonly double[] _one = new double[Steps.Length];
    readonly double[] _sum = new double[Steps.Length];

    ErrorSpread(List<double>[] ones, List<double>[] sums, int stride)
    {
        var (one, sum) = (Unknown, Unknown);
        for (var i = 0; i < Steps.Length; i++)
        {
            var further = i == 0 ? 1 : Grown(Steps[i], Steps[i - 1]);
            _one[i] = one = Blend(one * further, ones[i], Steps[i], stride);
            _sum[i] = sum = Blend(sum * further, sums[i], Steps[i], stride);
        }
    }

    /// <summary>The error of the step so far ahead. At least 0.</summary>
    public double OfOne(double ahead) => Read(_one, ahead);

    /// <summary>The error of the sum of all steps from the next to the one so far ahead. At least 0.</summary>
    public double OfSum(double ahead) => Read(_sum, ahead);

    public static ErrorSpread Of(double[] series, int period)
    {
        var ones = Array.ConvertAll(Steps, _ => new List<double>());
        var sums = Array.ConvertAll(Steps, _ => new List<double>());
        var stride = int.Max(1, (series.Length - FirstOrigin) / MostOrigins);
        for (var origin = series.Length - 1; origin >= FirstOrigin; origin -= stride)
        {
            Measure(series, SeriesFit.Of(series.AsSpan(0, origin), period), ones, sums);
        }

        return new ErrorSpread(ones, sums, stride);
    }

    static void Measure(double[] series, SeriesFit fit, List<double>[] ones, List<double>[] sums)
    {
        if (fit.Level <= 0)
        {
            return;
        }

        var (forecast, actual, index) = (0.0, 0.0, 0);
        for (var step = 1; fit.Length + step <= series.Length && index < Steps.Length; step++)
        {
            var (expected, came) = (fit.At(step), series[fit.Length + step - 1]);
            forecast += expected;
            actual += came;
            if (step == Steps[index])
            {
                ones[index].Add(double.Abs(came - expected) / double.Max(expected, LeastShare * fit.Level));
                sums[index].Add(double.Abs(actual - forecast) / double.Max(forecast, LeastShare * fit.Level * step));
                index++;
            }
        }
    }

    static double Blend(double supposed, List<double> errors, int steps, int stride)
    {
        supposed = double.Min(supposed, MostSupposed);
        if (errors.Count == 0)
        {
            return supposed;
        }

        errors.Sort();
        var place = (int)double.Ceiling(Coverage * (errors.Count + 1)) - 1;
        var seen = errors[int.Min(place, errors.Count - 1)];
        var weight = (double)errors.Count * stride / steps;
        return double.Max(
            Least * double.Sqrt(steps), double.Sqrt(((supposed * supposed) + (weight * seen * seen)) / (1 + weight)));
    }

    static double Grown(double ahead, double nearer) => double.Pow(ahead / nearer, Growth);

    static double Read(double[] spreads, double ahead)
    {
        if (ahead <= 1)
        {
            return spreads[0];
        }

        var last = Steps.Length - 1;
        if (ahead >= Steps[last])
        {
            return double.Min(
                spreads[last] * Grown(ahead, Steps[last]), double.Max(MostSupposed, spreads[last]));
        }

        var next = Array.FindIndex(Steps, steps => steps >= ahead);
        var part = (ahead - Steps[next - 1]) / (Steps[next] - Steps[next - 1]);
        return spreads[next - 1] + (part * (spreads[next] - spreads[next - 1]));
    }
}
