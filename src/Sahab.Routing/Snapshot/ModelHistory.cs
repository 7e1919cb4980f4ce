using System.Numerics;
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

    private const double LeastSizeWeight = 0.01;
    private const int Sizes = 32;

    private readonly Lock _lock = new();
    private readonly double[] _meanOfSize = new double[Sizes];
    private readonly int[] _seenOfSize = new int[Sizes];
    private double _tokens = PriorTokensPerByte * PriorBytes;
    private double _bytes = PriorBytes;
    private double _tokensPerByte = PriorTokensPerByte;
    private double _meanOutput;
    private double _highOutput;
    private bool _knowsOutput;
    private int _waiting;

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

    /// <summary>Calls that wait for room now, as told by whoever keeps them waiting. At least 0.</summary>
    public int Waiting
    {
        get => Volatile.Read(ref _waiting);
        set => Volatile.Write(ref _waiting, value);
    }

    /// <summary>Average tokens of a prompt.</summary>
    public double MeanPromptTokens => Volatile.Read(ref _tokens);

    /// <summary>Average tokens of one choice.</summary>
    public double MeanOutputTokens => Volatile.Read(ref _meanOutput);

    /// <summary>
    /// Average tokens of one choice for prompts about as long: answers to short questions and to long documents differ.
    /// </summary>
    /// <param name="promptTokens">Tokens of the prompt. At least 0.</param>
    public double MeanOutputTokensFor(int promptTokens)
    {
        var mean = Volatile.Read(ref _meanOfSize[SizeOf(promptTokens)]);
        return mean > 0 ? mean : MeanOutputTokens;
    }

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
                var output = (double)usage.OutputTokens / choices;
                LearnOutput(output);
                LearnOutputOf(SizeOf(usage.PromptTokens), output);
            }
        }
    }

    // Prompts between two powers of two are of one size.
    private static int SizeOf(long promptTokens) => BitOperations.Log2((uint)Math.Clamp(promptTokens, 1, int.MaxValue));

    // The mean of all until there are a hundred, then the latest count more.
    private void LearnOutputOf(int size, double output)
    {
        var seen = ++_seenOfSize[size];
        _seenOfSize[size] = Math.Min(seen, (int)(1 / LeastSizeWeight));
        ref var mean = ref _meanOfSize[size];
        Volatile.Write(ref mean, mean + (Math.Max(1.0 / seen, LeastSizeWeight) * (output - mean)));
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
