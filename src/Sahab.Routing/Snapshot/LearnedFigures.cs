namespace Sahab.Routing.Snapshot;

/// <summary>
/// What calls have taught about a deployment: exponentially weighted averages. The owner locks around the learning;
/// the router reads without a lock and may see one figure a call older than the other, which no decision minds.
/// </summary>
internal sealed class LearnedFigures
{
    private const double FastWeight = 0.2;
    private const double SlowWeight = 0.1;
    private const double CachedAtHomePrior = 0.5;
    private const double TypicalTokensPerSecond = 100;

    private double _firstTokenMs = double.NaN;
    private double _firstTokenInFlight;
    private double _generatedTokens = double.NaN;
    private double _generationMs = double.NaN;
    private double _tokensPerSecond = double.NaN;
    private double _failureRate;
    private double _cachedAtHome = CachedAtHomePrior;
    private double _cachedElsewhere;
    private long _observedAtMs;
    private long _failuresAtMs;

    /// <summary>Milliseconds to the first token; NaN before the first.</summary>
    public double FirstTokenMs => Volatile.Read(ref _firstTokenMs);

    /// <summary>Calls in flight, on average, when the first tokens came.</summary>
    public double FirstTokenInFlight => Volatile.Read(ref _firstTokenInFlight);

    /// <summary>Output tokens per second of a call; NaN before the first.</summary>
    public double TokensPerSecond => Volatile.Read(ref _tokensPerSecond);

    /// <summary>Share of failed calls.</summary>
    public double FailureRate => Volatile.Read(ref _failureRate);

    /// <summary>Share of the prompt read from cache where the prefix lives.</summary>
    public double CachedAtHome => Volatile.Read(ref _cachedAtHome);

    /// <summary>Share of the prompt read from cache elsewhere.</summary>
    public double CachedElsewhere => Volatile.Read(ref _cachedElsewhere);

    /// <summary>When speed was last observed.</summary>
    public long ObservedAtMs => Volatile.Read(ref _observedAtMs);

    /// <summary>When success or failure was last observed.</summary>
    public long FailuresAtMs => Volatile.Read(ref _failuresAtMs);

    public void FirstToken(double elapsedMs, int inFlight, long nowMs)
    {
        if (!double.IsFinite(elapsedMs) || elapsedMs < 0)
        {
            return;
        }

        Blend(ref _firstTokenInFlight, double.IsNaN(_firstTokenMs) ? double.NaN : _firstTokenInFlight, inFlight);
        Blend(ref _firstTokenMs, _firstTokenMs, elapsedMs);
        Volatile.Write(ref _observedAtMs, nowMs);
    }

    /// <summary>A whole answer at once: the first token was there when the others had not been generated yet.</summary>
    public void Answered(double elapsedMs, long outputTokens, int inFlight, long nowMs)
    {
        var rate = double.IsNaN(_tokensPerSecond) ? TypicalTokensPerSecond : _tokensPerSecond;
        FirstToken(Math.Max(0, elapsedMs - (outputTokens * 1000.0 / rate)), inFlight, nowMs);
    }

    public void Succeeded(in AttemptUsage usage, long nowMs)
    {
        Outcome(0, nowMs);
        if (usage.OutputTokens > 1 && usage.GenerationMs > 0)
        {
            // Tokens and time are averaged apart, so that a call counts by the time that it took: one whose tokens all
            // came in a burst says next to nothing. The first token came before the time that is measured here.
            Blend(ref _generatedTokens, _generatedTokens, usage.OutputTokens - 1);
            Blend(ref _generationMs, _generationMs, usage.GenerationMs);
            Volatile.Write(ref _tokensPerSecond, _generatedTokens * 1000 / _generationMs);
        }

        if (usage.PromptTokens > 0)
        {
            var fraction = Math.Clamp((double)usage.CachedTokens / usage.PromptTokens, 0, 1);
            ref var cached = ref usage.AtHome ? ref _cachedAtHome : ref _cachedElsewhere;
            Volatile.Write(ref cached, cached + (SlowWeight * (fraction - cached)));
        }
    }

    public void Failed(long nowMs) => Outcome(1, nowMs);

    /// <summary>The breaker closed: what led to its opening counts half.</summary>
    public void Recovered() => Volatile.Write(ref _failureRate, _failureRate / 2);

    private void Outcome(double failed, long nowMs)
    {
        Volatile.Write(ref _failureRate, _failureRate + (SlowWeight * (failed - _failureRate)));
        Volatile.Write(ref _failuresAtMs, nowMs);
    }

    private static void Blend(ref double figure, double before, double observed) =>
        Volatile.Write(ref figure, double.IsNaN(before) ? observed : before + (FastWeight * (observed - before)));
}
