using System.Collections.Immutable;
using Sahab.Routing.Requests;

namespace Sahab.Routing.Snapshot;

/// <summary>A model that clients may ask for, with the deployments that can serve it.</summary>
public sealed class ModelRoute
{
    /// <summary>Most candidates that a route can have: a request remembers the tried ones in 64 bits.</summary>
    public const int MaxCandidates = 64;

    private const int LargestEstimate = 1_000_000_000;

    private readonly int _operations;

    internal ModelRoute(
        string name, ImmutableArray<Deployment> candidates, IEnumerable<Operation> operations, ModelHistory history)
    {
        Name = name;
        Candidates = candidates;
        History = history;
        foreach (var operation in operations)
        {
            _operations |= 1 << (int)operation;
        }
    }

    /// <summary>The model's id. An alias has the route, and so the name, of its model.</summary>
    public string Name { get; }

    /// <summary>Who can serve it, in the order of the configuration. 0 to 64.</summary>
    public ImmutableArray<Deployment> Candidates { get; }

    /// <summary>What its calls have taught.</summary>
    public ModelHistory History { get; }

    /// <summary>Whether the model does this operation.</summary>
    public bool Serves(Operation operation) => (_operations & (1 << (int)operation)) != 0;

    /// <summary>
    /// Which of some groups, one bit each, use less of a deployment than they are guaranteed: while calls of theirs
    /// wait, nobody who comes may go before them. Takes no lock; costs nothing where none of them wait.
    /// </summary>
    /// <param name="groups">As <see cref="Admission.FairQueue{T}.WaitingGroups"/> has them.</param>
    public ulong UnderGuarantee(ulong groups)
    {
        var under = 0UL;
        if (groups != 0)
        {
            foreach (var candidate in Candidates)
            {
                under |= candidate.State.UnderGuarantee();
            }
        }

        return under & groups;
    }

    /// <summary>Prompt tokens that so many bytes of prompt text are likely to have. At least 1.</summary>
    public int EstimatePromptTokens(long bytes) =>
        (int)Math.Clamp(Math.Ceiling(bytes * History.TokensPerByte), 1, LargestEstimate);

    /// <summary>
    /// Output tokens to reserve: what nine outputs of ten stay below, or the client's own limit if that is less, for
    /// each choice.
    /// </summary>
    /// <param name="maxTokens">The client's limit for one choice; 0 without one.</param>
    /// <param name="choices">How many choices it wants. At least 1.</param>
    public int EstimateOutputTokens(int maxTokens, int choices) =>
        ForChoices(History.HighOutputTokens, maxTokens, choices);

    /// <summary>Output tokens to expect on average, for each choice at most the client's own limit.</summary>
    /// <param name="promptTokens">Estimated tokens of the prompt.</param>
    /// <param name="maxTokens">The client's limit for one choice; 0 without one.</param>
    /// <param name="choices">How many choices it wants. At least 1.</param>
    public int ExpectOutputTokens(int promptTokens, int maxTokens, int choices) =>
        ForChoices(History.MeanOutputTokensFor(promptTokens), maxTokens, choices);

    private static int ForChoices(double each, int maxTokens, int choices)
    {
        var bounded = maxTokens > 0 ? Math.Min(each, maxTokens) : each;
        return (int)Math.Clamp(Math.Ceiling(bounded) * Math.Max(1, choices), 0, LargestEstimate);
    }
}
