using Sahab.Routing.Requests;

namespace Sahab.Routing.Policies;

/// <summary>What makes a candidate's score. A lower score is better.</summary>
[Flags]
public enum Scorers : byte
{
    /// <summary>Nothing: all are alike.</summary>
    None = 0,

    /// <summary>Expected cost, in nano-USD, with what the prompt cache is expected to save.</summary>
    Cost = 1,

    /// <summary>Predicted milliseconds to the end, times their value in nano-USD.</summary>
    Latency = 2,

    /// <summary>Share of failures, times the value of a failure in nano-USD.</summary>
    Failures = 4,

    /// <summary>
    /// Cost is the marginal one that contracts make of it (see <see cref="Steering.MarginalPrice"/>), and a call may
    /// wait for capacity that is paid for. Goes with <see cref="Cost"/>.
    /// </summary>
    Contracts = 32,

    /// <summary>Calls in flight against the concurrency limit, 0 to 1. Not money: stands alone.</summary>
    Busyness = 8,

    /// <summary>The configured level. Not money: stands alone.</summary>
    Priority = 16,
}

/// <summary>How one of the scored candidates is picked.</summary>
public enum Picker : byte
{
    /// <summary>
    /// The less loaded of two random ones among those whose score is near the best (see
    /// <see cref="RoutingProfile.NearTieBand"/>).
    /// </summary>
    PowerOfTwoChoices = 0,

    /// <summary>The lowest score; a random one of several.</summary>
    Lowest = 1,

    /// <summary>A random one of those with the lowest score, by weight.</summary>
    WeightedShuffle = 2,
}

/// <summary>A way to choose: which scorers count, what time and failures are worth, and how one is picked.</summary>
public sealed record RoutingProfile
{
    /// <summary>
    /// Cost, latency and failures in one currency, with prefix affinity, spread among near ties. The default.
    /// </summary>
    public static RoutingProfile Balanced { get; } = new()
    {
        Name = "balanced",
        Scorers = Scorers.Cost | Scorers.Contracts | Scorers.Latency | Scorers.Failures,
        Picker = Picker.PowerOfTwoChoices,
        PrefixAffinity = true,
    };

    /// <summary>
    /// The lowest marginal cost by the contracts: waiting is worth a fiftieth of what it is to
    /// <see cref="Balanced"/>, just enough to tell two of the same price apart.
    /// </summary>
    public static RoutingProfile LeastCost { get; } = Balanced with
    {
        Name = "least_cost",
        NanoUsdPerMs = 10,
        NearTieBand = 0.01,
    };

    /// <summary>By weight alone.</summary>
    public static RoutingProfile WeightedShuffle { get; } = new()
    {
        Name = "weighted_shuffle",
        Scorers = Scorers.None,
        Picker = Picker.WeightedShuffle,
    };

    /// <summary>The fewest calls in flight for its size.</summary>
    public static RoutingProfile LeastBusy { get; } = new()
    {
        Name = "least_busy",
        Scorers = Scorers.Busyness,
        Picker = Picker.Lowest,
    };

    /// <summary>The lowest predicted latency.</summary>
    public static RoutingProfile LowestLatency { get; } = new()
    {
        Name = "lowest_latency",
        Scorers = Scorers.Latency,
        Picker = Picker.Lowest,
    };

    /// <summary>The lowest expected cost by list, the cache left out.</summary>
    public static RoutingProfile LowestPrice { get; } = new()
    {
        Name = "lowest_price",
        Scorers = Scorers.Cost,
        Picker = Picker.Lowest,
    };

    /// <summary>The lowest level that can serve, inside it by weight.</summary>
    public static RoutingProfile PriorityOrder { get; } = new()
    {
        Name = "priority_order",
        Scorers = Scorers.Priority,
        Picker = Picker.WeightedShuffle,
    };

    /// <summary>Patience ends so long before the time to wait does, so that there is a look left to go elsewhere.</summary>
    private const long LastLookMs = 1_000;

    /// <value>Name in the configuration and in explanations.</value>
    public required string Name { get; init; }

    /// <value>What counts.</value>
    public required Scorers Scorers { get; init; }

    /// <summary>Whether it goes by what contracts make of prices.</summary>
    public bool IsSteered => (Scorers & Scorers.Contracts) != 0;

    /// <value>How one is picked.</value>
    public required Picker Picker { get; init; }

    /// <value>
    /// Whether the prompt cache is expected to save at the home of a prefix. False unless said otherwise.
    /// </value>
    public bool PrefixAffinity { get; init; }

    /// <value>
    /// Worth of a millisecond of waiting in nano-USD. At least 0, 500 (0.0005 USD for a second) unless said
    /// otherwise. Counts double for priority, a quarter for flex, and not at all for batch.
    /// </value>
    public double NanoUsdPerMs { get; init; } = 500;

    /// <value>Worth of a failed attempt in nano-USD. At least 0, 10,000,000 (one cent) unless said otherwise.</value>
    public double NanoUsdPerFailure { get; init; } = 10_000_000;

    /// <value>
    /// How much worse than the best, as a share of its score, still counts as near. At least 0, 0.1 unless said
    /// otherwise.
    /// </value>
    public double NearTieBand { get; init; } = 0.1;

    /// <value>
    /// Milliseconds after which an observation of speed or failure counts half, the prior the other half: so a
    /// deployment that was once slow is tried again. At least 1, 60,000 unless said otherwise.
    /// </value>
    public double ObservationHalfLifeMs { get; init; } = 60_000;

    /// <value>
    /// First-token milliseconds to expect of a deployment that was never observed; optimistic, so that it is.
    /// At least 0, 200 unless said otherwise.
    /// </value>
    public double PriorFirstTokenMs { get; init; } = 200;

    /// <value>Tokens per second to expect of it. Above 0, 100 unless said otherwise.</value>
    public double PriorTokensPerSecond { get; init; } = 100;

    /// <value>
    /// Milliseconds that a call of the priority tier may wait for capacity that is paid for before it goes where it is
    /// paid by the token. At least 0, 500 unless said otherwise.
    /// </value>
    public long PriorityPatienceMs { get; init; } = 500;

    /// <value>The same for the default tier. At least 0, 2,000 unless said otherwise.</value>
    public long DefaultPatienceMs { get; init; } = 2_000;

    /// <value>The same for the flex tier. At least 0, 20,000 unless said otherwise.</value>
    public long FlexPatienceMs { get; init; } = 20_000;

    /// <summary>
    /// Milliseconds that a call may still wait for capacity that is paid for, or idle. At least 0.
    /// </summary>
    /// <param name="tier">Its tier. Batch calls wait for as long as they may wait at all.</param>
    /// <param name="waitedMs">For how long it has waited.</param>
    /// <param name="leftMs">For how long it may still wait at all.</param>
    public long PatienceOf(ServiceTier tier, long waitedMs, long leftMs)
    {
        var whole = tier switch
        {
            ServiceTier.Batch => long.MaxValue,
            _ when !IsSteered => 0,
            ServiceTier.Priority => PriorityPatienceMs,
            ServiceTier.Default => DefaultPatienceMs,
            _ => FlexPatienceMs,
        };
        return Math.Max(0, Math.Min(whole - waitedMs, leftMs - LastLookMs));
    }

    /// <summary>Throws if a value is outside its range or scorers of different currencies are mixed.</summary>
    internal void Validate()
    {
        RequireAtLeast(0, PriorityPatienceMs, nameof(PriorityPatienceMs));
        RequireAtLeast(0, DefaultPatienceMs, nameof(DefaultPatienceMs));
        RequireAtLeast(0, FlexPatienceMs, nameof(FlexPatienceMs));
        RequireAtLeast(0, NanoUsdPerMs, nameof(NanoUsdPerMs));
        RequireAtLeast(0, NanoUsdPerFailure, nameof(NanoUsdPerFailure));
        RequireAtLeast(0, NearTieBand, nameof(NearTieBand));
        RequireAtLeast(1, ObservationHalfLifeMs, nameof(ObservationHalfLifeMs));
        RequireAtLeast(0, PriorFirstTokenMs, nameof(PriorFirstTokenMs));
        RequireAtLeast(double.Epsilon, PriorTokensPerSecond, nameof(PriorTokensPerSecond));
        var alone = Scorers & (Scorers.Busyness | Scorers.Priority);
        if (alone != 0 && (alone != Scorers || alone == (Scorers.Busyness | Scorers.Priority)))
        {
            throw new ArgumentOutOfRangeException(
                nameof(Scorers), Scorers, "Busyness and priority are not money: each stands alone.");
        }
    }

    private static void RequireAtLeast(double least, double value, string name)
    {
        if (!(value >= least && double.IsFinite(value)))
        {
            throw new ArgumentOutOfRangeException(name, value, $"At least {least}, and finite.");
        }
    }
}
