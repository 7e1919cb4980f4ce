using Sahab.Emulator.Configuration;

namespace Sahab.Emulator.Engine;

internal enum RefusalKind
{
    Requests,
    Tokens,
    LargerThanLimit,
    Sequences,
    QueueFull,
}

/// <summary>Why a deployment took no call, and in how many emulated milliseconds it might.</summary>
internal readonly record struct Refusal(RefusalKind Kind, double RetryMs);

/// <summary>
/// What the limits of a deployment say now; null where there is none. Times are emulated milliseconds.
/// </summary>
internal readonly record struct LimitReading(LimitState? Requests, LimitState? Tokens);

internal readonly record struct LimitState(long Limit, long Remaining, double ResetMs);

/// <summary>A call's place at a deployment, running or waiting.</summary>
internal sealed class Ticket(int slots)
{
    volatile bool _entered;

    public int Slots { get; } = slots;

    public LinkedListNode<Ticket>? Place { get; set; }

    public bool Left { get; set; }

    public bool Entered
    {
        get => _entered;
        set => _entered = value;
    }
}

/// <summary>
/// Finite capacity of one deployment: sequences at once, requests and tokens per minute. A vLLM server lets calls wait
/// in order, up to a bound; the others refuse at once.
/// </summary>
internal sealed class CapacityGate(CapacityConfig capacity, CloudTraits traits)
{
    readonly Lock _gate = new();
    readonly LinkedList<Ticket> _queue = new();
    readonly RateBucket? _requests =
        capacity.RequestsPerMinute is { } requests ? new(requests, traits.RequestWindowMs) : null;
    readonly RateBucket? _tokens = capacity.TokensPerMinute is { } tokens ? new(tokens, 60_000) : null;
    int _running;

    public int Running => Volatile.Read(ref _running);

    public int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _queue.Count;
            }
        }
    }

    /// <summary>Sequences running, as a share of those that fit. 0 to 1.</summary>
    public double Load => (double)Running / capacity.Concurrency;

    /// <summary>Takes a place and the rate limits at once, or nothing.</summary>
    public Ticket? TryTake(int sequences, long tokens, double nowMs, out Refusal refusal)
    {
        var ticket = new Ticket(Math.Min(sequences, capacity.Concurrency));
        lock (_gate)
        {
            if (FindRefusal(ticket, tokens, nowMs) is { } found)
            {
                refusal = found;
                return null;
            }
            _requests?.Take(1);
            _tokens?.Take(tokens);
            if (Fits(ticket))
            {
                Enter(ticket);
            }
            else
            {
                ticket.Place = _queue.AddLast(ticket);
            }
        }
        refusal = default;
        return ticket;
    }

    /// <summary>Gives the place back, from wherever the call was; again does nothing.</summary>
    public void Leave(Ticket ticket)
    {
        lock (_gate)
        {
            if (ticket.Left)
            {
                return;
            }
            ticket.Left = true;
            if (ticket.Place is { } place)
            {
                _queue.Remove(place);
            }
            else
            {
                _running -= ticket.Slots;
            }
            while (_queue.First is { } first && _running + first.Value.Slots <= capacity.Concurrency)
            {
                _queue.RemoveFirst();
                first.Value.Place = null;
                Enter(first.Value);
            }
        }
    }

    public LimitReading ReadLimits(double nowMs)
    {
        lock (_gate)
        {
            return new LimitReading(Read(_requests, nowMs), Read(_tokens, nowMs));
        }
    }

    static LimitState? Read(RateBucket? bucket, double nowMs) => bucket is null
        ? null
        : new LimitState(
            (long)bucket.Limit, (long)Math.Max(0, bucket.ReadLevel(nowMs)), bucket.MsUntil(bucket.Size, nowMs));

    bool Fits(Ticket ticket) => _queue.Count == 0 && _running + ticket.Slots <= capacity.Concurrency;

    void Enter(Ticket ticket)
    {
        _running += ticket.Slots;
        ticket.Entered = true;
    }

    Refusal? FindRefusal(Ticket ticket, long tokens, double nowMs)
    {
        if (_tokens is not null && tokens > _tokens.Size)
        {
            return new Refusal(RefusalKind.LargerThanLimit, 86_400_000);
        }
        if (_requests is not null && _requests.MsUntil(1, nowMs) is > 0 and var requestsMs)
        {
            return new Refusal(RefusalKind.Requests, requestsMs);
        }
        if (_tokens is not null && _tokens.MsUntil(tokens, nowMs) is > 0 and var tokensMs)
        {
            return new Refusal(RefusalKind.Tokens, tokensMs);
        }
        if (Fits(ticket))
        {
            return null;
        }
        if (!traits.Queues)
        {
            return new Refusal(RefusalKind.Sequences, 1000);
        }
        return _queue.Count >= capacity.MaxWaiting ? new Refusal(RefusalKind.QueueFull, 1000) : null;
    }
}
