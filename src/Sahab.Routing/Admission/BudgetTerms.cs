using Sahab.Ledger.Budgets;

namespace Sahab.Routing.Admission;

/// <summary>How much may be used of what, and when it begins anew.</summary>
public sealed record BudgetTerms
{
    /// <summary>Its id, unique in the world.</summary>
    public required string Id { get; init; }

    /// <summary>The project whose calls it is about; null: all of the organisation.</summary>
    public string? Project { get; init; }

    /// <summary>The key whose calls it is about; null: all of the project.</summary>
    public string? Key { get; init; }

    /// <summary>What it counts.</summary>
    public required BudgetMeasure Measure { get; init; }

    /// <summary>When it begins anew.</summary>
    public required BudgetPeriod Period { get; init; }

    /// <value>Requests, tokens or nano-USD. At least 0, at most <see cref="MaxLimit"/>.</value>
    public required long Limit { get; init; }

    /// <summary>Whether it refuses calls; otherwise it only tells.</summary>
    public required bool IsHard { get; init; }

    /// <summary>Calls that began before do not count, as somebody ordered it. Microseconds since 1970.</summary>
    public long CountsFromUs { get; init; } = long.MinValue;

    /// <summary>
    /// Calls that began before do not count: as ordered, or because they were in a window before that in which it was set.
    /// </summary>
    public long SinceUs { get; init; } = long.MinValue;

    /// <summary>The greatest limit: a billion dollars in nano-USD.</summary>
    public const long MaxLimit = 1_000_000_000_000_000_000;

    /// <summary>Whether it is about the calls of a key.</summary>
    public bool IsAbout(string project, string key) =>
        (Project is null || Project == project) && (Key is null || Key == key);
}

/// <summary>Whether the budgets let a call go.</summary>
public enum BudgetStanding : byte
{
    /// <summary>All have room, and what it may use is reserved.</summary>
    Admitted = 0,

    /// <summary>Even if no other call ran, there would not be enough left: waiting is of no use before the window ends.</summary>
    Exhausted = 1,

    /// <summary>There is enough, but calls that run, or other nodes, hold it.</summary>
    Held = 2,

    /// <summary>What this node holds is not enough: it must ask the store for more.</summary>
    MustAsk = 3,
}

/// <summary>What the budgets say of a call.</summary>
/// <param name="Standing">Whether it may go.</param>
/// <param name="Budget">The budget that spoke; null: none did.</param>
/// <param name="Needed">What the call may use of it.</param>
/// <param name="Left">What is left of it as far as this node knows, calls in flight not counted. At least 0.</param>
/// <param name="ResetsAtUs">When it begins anew; <see cref="long.MaxValue"/>: never.</param>
public readonly record struct BudgetVerdict(
    BudgetStanding Standing, BudgetTerms? Budget, long Needed, long Left, long ResetsAtUs)
{
    /// <summary>Whether the call may go.</summary>
    public bool Admitted => Standing == BudgetStanding.Admitted;
}

/// <summary>What a node has of a budget's window.</summary>
/// <param name="StartUs">The window's start, microseconds since 1970.</param>
/// <param name="Held">What it may use, or has used and not posted.</param>
/// <param name="Unposted">What calls that ended have used of that, and is not known to be posted.</param>
/// <param name="Reserved">What calls that run may still use.</param>
/// <param name="InFlight">How many they are.</param>
/// <param name="HasRefused">Whether a call was refused because nothing is left.</param>
public readonly record struct BudgetPart(
    long StartUs, long Held, long Unposted, long Reserved, int InFlight, bool HasRefused);

/// <summary>How a budget stands, on all nodes.</summary>
/// <param name="StartUs">The start of the window that is open, microseconds since 1970.</param>
/// <param name="EndsUs">When that ends; <see cref="long.MaxValue"/>: never.</param>
/// <param name="Spent">Requests, tokens or nano-USD of calls that are posted.</param>
/// <param name="Reserved">Held by calls that run on this node, and by other nodes.</param>
/// <param name="InFlight">Calls that run on this node.</param>
public readonly record struct BudgetReading(long StartUs, long EndsUs, long Spent, long Reserved, int InFlight);
