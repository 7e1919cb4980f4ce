using Sahab.Ledger.Rating;

namespace Sahab.Server.Serve.Gateway;

/// <summary>One finished call as the portal shows it.</summary>
/// <param name="Status">The HTTP status that the client got; 499 when it had gone.</param>
/// <param name="Attempts">Every attempt, in order; empty when none was made.</param>
/// <param name="Reason">Why the call failed, or none.</param>
/// <param name="AttemptReasons">What went wrong at each attempt that did not answer, by its number; none if all did.</param>
/// <param name="QueuedMs">Time spent waiting for capacity.</param>
/// <param name="OverheadMs">Time spent here, waiting and the cloud's own time left out.</param>
internal sealed record FinishedCall(
    Guid Id, DateTimeOffset StartedAt, string Tenant, string Key, string Model, string Operation, bool Streamed,
    int Status, double DurationMs, double QueuedMs, double OverheadMs, IReadOnlyList<UsageEvent> Attempts, string? Reason,
    IReadOnlyDictionary<int, string>? AttemptReasons)
{
    /// <summary>All that <see cref="End"/> may say.</summary>
    public static readonly IReadOnlyList<string> Ends = ["ok", "failed", "limited", "refused", "left"];

    /// <summary>How it ended, in a word: one of <see cref="Ends"/>.</summary>
    public string End => Status switch
    {
        StatusCodes.Status499ClientClosedRequest => "left",
        StatusCodes.Status429TooManyRequests => "limited",
        >= 500 => "failed",
        >= 400 => "refused",
        _ => Reason is null ? "ok" : "failed",
    };
}

/// <summary>Which of the finished calls are asked for. What is null is not asked about.</summary>
/// <param name="End">One of <see cref="FinishedCall.Ends"/>.</param>
internal sealed record CallQuestion(string? Model, string? Tenant, string? End)
{
    public bool Asks(FinishedCall call) => (Model is null || call.Model == Model)
        && (Tenant is null || call.Tenant == Tenant) && (End is null || call.End == End);
}

/// <summary>The last finished calls, in a ring that overwrites its oldest entry.</summary>
internal sealed class RecentCalls
{
    /// <summary>How many calls are kept.</summary>
    public const int Capacity = 512;

    readonly FinishedCall?[] _ring = new FinishedCall?[Capacity];
    long _count;

    /// <summary>Calls finished since the start.</summary>
    public long Count => Volatile.Read(ref _count);

    public void Add(FinishedCall call)
    {
        var slot = Interlocked.Increment(ref _count) - 1;
        Volatile.Write(ref _ring[slot % Capacity], call);
    }

    /// <summary>The call of an id, while it is kept.</summary>
    public FinishedCall? Find(Guid id) => Latest(Capacity).FirstOrDefault(call => call.Id == id);

    /// <summary>The newest calls first, at most <paramref name="most"/>.</summary>
    public IReadOnlyList<FinishedCall> Latest(int most)
    {
        var count = Count;
        var calls = new List<FinishedCall>(Math.Min(most, Capacity));
        for (var slot = count - 1; slot >= 0 && slot >= count - Capacity && calls.Count < most; slot--)
        {
            if (Volatile.Read(ref _ring[slot % Capacity]) is { } call)
            {
                calls.Add(call);
            }
        }

        return calls;
    }
}
