using Sahab.Ledger.Rating;

namespace Sahab.Routing.Snapshot;

/// <summary>
/// What a model's calls have taught: tokens for a byte of prompt, and how long its outputs are. Estimates for
/// admission come from here. Outlives reloads under the model's name. Thread-safe; readers take no lock.
/// </summary>
public sealed class ModelHistory
{
    /// <summary>
    /// Tokens for a byte of prompt before anything is known: a JSON body of English text has about that.
    /// </summary>
    public const double PriorTokensPerByte = 0.28;

    /// <summary>The share of outputs that <see cref="HighOutputTokens"/> is meant to cover.</summary>
    public const double HighQuantile = 0.9;

    private const double PriorBytes = 2_000;
    private const double Weight = 0.05;
    private const double QuantileStep = 0.1;

    private readonly Lock _lock = new();
    private double _tokens = PriorTokensPerByte * PriorBytes;
    private double _bytes = PriorBytes;
    private double _tokensPerByte = PriorTokensPerByte;
    private double _meanOutput;
    private double _highOutput;
    private bool _knowsOutput;

    /// <summary>Starts from the priors.</summary>
    /// <param name="defaultOutputTokens">
    /// What an output is thought to have before the first is known. At least 1.
    /// </param>
    internal ModelHistory(int defaultOutputTokens)
    {
        _meanOutput = defaultOutputTokens;
        _highOutput = defaultOutputTokens;
    }

    /// <summary>Tokens for a byte of prompt, long prompts counting more.</summary>
    public double TokensPerByte => Volatile.Read(ref _tokensPerByte);

    /// <summary>Average tokens of one choice.</summary>
    public double MeanOutputTokens => Volatile.Read(ref _meanOutput);

    /// <summary>About nine outputs of ten have at most so many tokens.</summary>
    public double HighOutputTokens => Volatile.Read(ref _highOutput);

    /// <summary>Learns from a call with the provider's own figures.</summary>
    /// <param name="promptBytes">Bytes of prompt text, as given to the estimate. 0 teaches nothing of prompts.</param>
    /// <param name="usage">What the provider counted.</param>
    /// <param name="choices">How many choices the output holds. At least 1.</param>
    public void Learn(long promptBytes, in TokenUsage usage, int choices)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(choices, 1);
        lock (_lock)
        {
            if (promptBytes > 0 && usage.PromptTokens > 0)
            {
                _tokens += Weight * (usage.PromptTokens - _tokens);
                _bytes += Weight * (promptBytes - _bytes);
                Volatile.Write(ref _tokensPerByte, _tokens / _bytes);
            }

            if (usage.OutputTokens > 0)
            {
                LearnOutput((double)usage.OutputTokens / choices);
            }
        }
    }

    // The quantile is followed by steps in proportion to itself: nine small ones down for each large one up balance
    // where a tenth of the outputs lies above. No samples are kept.
    private void LearnOutput(double output)
    {
        if (!_knowsOutput)
        {
            _knowsOutput = true;
            Volatile.Write(ref _meanOutput, output);
            Volatile.Write(ref _highOutput, Math.Max(output, _highOutput / 2));
            return;
        }

        Volatile.Write(ref _meanOutput, _meanOutput + (Weight * (output - _meanOutput)));
        var factor = output > _highOutput
            ? 1 + (QuantileStep * HighQuantile)
            : 1 - (QuantileStep * (1 - HighQuantile));
        Volatile.Write(ref _highOutput, Math.Max(1, _highOutput * factor));
    }
}
