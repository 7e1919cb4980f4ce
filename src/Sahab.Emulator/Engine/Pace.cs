using Sahab.Emulator.Configuration;

namespace Sahab.Emulator.Engine;

/// <summary>
/// How long things take: lognormal times whose means grow with the uncached prompt and with the load of the deployment.
/// </summary>
internal readonly struct Pace(ProfileConfig profile, double slowFactor)
{
    public double FirstTokenMs(long uncachedTokens, double load, ref SeededRandom random)
    {
        var mean = profile.FirstTokenMs + uncachedTokens * 1000.0 / profile.PromptTokensPerSecond;
        return random.NextLognormal(mean * Slowdown(load), profile.Sigma);
    }

    public double StepMs(double load, ref SeededRandom random) =>
        random.NextLognormal(1000.0 / profile.TokensPerSecond * Slowdown(load), profile.Sigma);

    double Slowdown(double load) => slowFactor * (1 + profile.LoadSlowdown * Math.Min(1, load));
}
