namespace Sahab.Planning.Traces;

/// <summary>
/// What the simulator takes from a trace: the lengths of its requests and the rhythm in which they came, without their
/// times. Twelve bytes for each request, twenty where it tells how prompts begin, whatever length of time is made of it.
/// </summary>
public sealed class TraceSample
{
    /// <summary>The most requests that are kept; a longer trace is refused.</summary>
    public const int MaxRequests = 1_000_000;

    readonly int[] _prompts;
    readonly int[] _outputs;
    readonly float[] _gaps;
    readonly int[]? _roots;
    readonly int[]? _known;

    TraceSample(int[] prompts, int[] outputs, float[] gaps, PrefixChains chains)
    {
        if (chains.HasAny)
        {
            (_roots, _known) = (chains.Roots, chains.Known);
        }

        MeanPrompt = prompts.Average();
        MeanOutput = outputs.Average();
        _prompts = prompts;
        _outputs = outputs;
        _gaps = gaps;
    }

    /// <summary>How many requests it has. At least 1.</summary>
    public int Count => _prompts.Length;

    /// <summary>Tokens of a prompt, on average.</summary>
    public double MeanPrompt { get; }

    /// <summary>Tokens of an answer, on average.</summary>
    public double MeanOutput { get; }

    /// <summary>Whether it tells which prompts go on from earlier ones.</summary>
    public bool HasPrefixes => _roots is not null;

    /// <summary>Reads a trace.</summary>
    /// <param name="file">The path of the trace.</param>
    /// <exception cref="TraceException">The file or a line of it is not valid, or it is too long.</exception>
    public static TraceSample Load(string file) => From(TraceReader.Read(file));

    /// <summary>Takes the requests as they come.</summary>
    /// <param name="requests">In the order of their times. At least one.</param>
    /// <exception cref="TraceException">There are none or too many.</exception>
    public static TraceSample From(IEnumerable<TraceRequest> requests)
    {
        ArgumentNullException.ThrowIfNull(requests);
        var (prompts, outputs, times) = (new List<int>(), new List<int>(), new List<TimeSpan>());
        var chains = new PrefixChains();
        foreach (var request in requests)
        {
            if (prompts.Count == MaxRequests)
            {
                throw new TraceException($"The trace has more than {MaxRequests:N0} requests; take a part of it.");
            }

            prompts.Add(request.ContextTokens);
            outputs.Add(request.GeneratedTokens);
            times.Add(request.At);
            chains.Add(request);
        }

        if (prompts.Count == 0)
        {
            throw new TraceException("The trace has no requests.");
        }

        return new TraceSample([.. prompts], [.. outputs], GapsOf(times), chains);
    }

    /// <summary>Prompt tokens of a request.</summary>
    /// <param name="index">From 0 to <see cref="Count"/> - 1.</param>
    public int PromptOf(int index) => _prompts[index];

    /// <summary>Output tokens of a request.</summary>
    /// <param name="index">From 0 to <see cref="Count"/> - 1.</param>
    public int OutputOf(int index) => _outputs[index];

    /// <summary>
    /// The first request of the chain that this one goes on, itself if of none; -1 where the trace does not tell.
    /// </summary>
    /// <param name="index">From 0 to <see cref="Count"/> - 1.</param>
    public int ChainOf(int index) => _roots is null ? -1 : _roots[index];

    /// <summary>Tokens of its prompt that an earlier request of the chain began with.</summary>
    /// <param name="index">From 0 to <see cref="Count"/> - 1.</param>
    public int KnownOf(int index) => _known is null ? 0 : _known[index];

    /// <summary>How long after the one before it a request came, the mean of all being 1.</summary>
    /// <param name="index">From 0 to <see cref="Count"/> - 1.</param>
    public double GapOf(int index) => _gaps[index];

    // The first has none before it: as if the trace had begun one mean gap before.
    static float[] GapsOf(List<TimeSpan> times)
    {
        var gaps = new float[times.Count];
        Array.Fill(gaps, 1f);
        var span = (times[^1] - times[0]).TotalMilliseconds;
        if (span <= 0)
        {
            return gaps;
        }

        for (var i = 1; i < gaps.Length; i++)
        {
            gaps[i] = (float)((times[i] - times[i - 1]).TotalMilliseconds * (gaps.Length - 1) / span);
        }

        return gaps;
    }
}
