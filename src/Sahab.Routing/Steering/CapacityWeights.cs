namespace Sahab.Routing.Steering;

/// <summary>
/// How much of a deployment's capacity a token takes, in capacity units: a unit is what a prompt token takes unless said
/// otherwise. Providers that sell throughput weigh output several times (an output token of a PTU counts as three or
/// more of the prompt); of replicas of our own it is the time that a token takes of them.
/// </summary>
/// <param name="Prompt">Units for a prompt token that no cache knows. At least 0.</param>
/// <param name="Cached">Units for a prompt token that a cache knows. At least 0.</param>
/// <param name="Output">Units for an output token. At least 0.</param>
public readonly record struct CapacityWeights(double Prompt, double Cached, double Output)
{
    /// <summary>Every token counts as one, but a cached one as nothing.</summary>
    public static CapacityWeights Even { get; } = new(1, 0, 1);

    /// <summary>The capacity units that a call takes.</summary>
    /// <param name="prompt">Prompt tokens that no cache knows.</param>
    /// <param name="cached">Prompt tokens that a cache knows.</param>
    /// <param name="output">Output tokens.</param>
    public double UnitsOf(double prompt, double cached, double output) =>
        (prompt * Prompt) + (cached * Cached) + (output * Output);
}
