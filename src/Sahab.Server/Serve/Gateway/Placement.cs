using System.Collections.Concurrent;
using Sahab.Routing.Admission;
using Sahab.Routing.Decisions;
using Sahab.Routing.Requests;
using Sahab.Routing.Snapshot;
using Sahab.Server.Hosting;

namespace Sahab.Server.Serve.Gateway;

/// <summary>Where a call goes, with what was reserved there, or why it goes nowhere.</summary>
/// <param name="AllTried">Whether it goes nowhere because it has been everywhere.</param>
internal readonly record struct Place(
    Deployment? Deployment, DeploymentLease Lease, int Position, bool AtHome, GatewayError? Error, bool AllTried = false)
{
    public static Place None(GatewayError error, bool allTried = false) => new(null, default, -1, false, error, allTried);
}

/// <summary>
/// Finds a deployment with room for a call. When all that could serve it are full, the call waits its turn in its
/// model's queue, up to a deadline; nobody who comes later in the same or a lower tier goes before those who wait.
/// </summary>
internal sealed class Placement(TimeProvider time, MonotonicClock clock, IdSource ids) : BackgroundService
{
    /// <summary>How often waiting calls are looked at even though nothing has ended: rate windows move with time.</summary>
    static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);

    readonly ConcurrentDictionary<string, WaitingRoom> _rooms = new(StringComparer.Ordinal);
    readonly ulong _seed = ids.NextSeed();
    long _draws;

    /// <summary>Calls that wait, of all models.</summary>
    public int Waiting => _rooms.Values.Sum(room => room.Count);

    public async ValueTask<Place> FindAsync(Call call)
    {
        var room = _rooms.GetOrAdd(call.Route!.Name, static (_, route) => new WaitingRoom(route), call.Route);
        if (!room.Queue.HasAhead(call.Tier) && call.Route.UnderGuarantee(room.Queue.WaitingGroups) == 0)
        {
            var place = TryPlace(call, Shares.All(), out var decision);
            if (place is { } found)
            {
                return found;
            }

            if (!IsWorthWaiting(decision))
            {
                return Nowhere(call, decision);
            }
        }

        return await WaitAsync(call, room);
    }

    /// <summary>Lets waiting calls of a model go, now that something of it has ended.</summary>
    public void Ended(Call call)
    {
        if (_rooms.TryGetValue(call.Route!.Name, out var room) && room.Count > 0)
        {
            Serve(room);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Tick, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                foreach (var room in _rooms.Values)
                {
                    if (room.Count > 0)
                    {
                        Serve(room);
                    }
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    async ValueTask<Place> WaitAsync(Call call, WaitingRoom room)
    {
        var began = clock.Timestamp;
        var waiter = new Waiter(call);
        var deadlineMs = Math.Min(clock.NowMs + call.Snapshot.MaxWaitMs, call.DeadlineMs);
        if (!room.TryEnter(waiter, call.Snapshot.MaxWaiting, deadlineMs, out var pushedOut))
        {
            return Place.None(Crowded(call));
        }

        pushedOut?.Answer.TrySetResult(Place.None(Crowded(pushedOut.Call)));
        Serve(room);
        using (call.ClientGone.UnsafeRegister(
            static state => ((Waiter)state!).Leave(), waiter))
        {
            var place = await waiter.Answer.Task;
            call.QueuedMs += clock.MillisecondsBetween(began, clock.Timestamp);
            return place;
        }
    }

    /// <summary>Serves those who wait, in order; one whose deployments are all full does not hold up the others.</summary>
    void Serve(WaitingRoom room)
    {
        lock (room.Gate)
        {
            var claimed = ServeOwners(room);
            while (room.Queue.TryRemoveExpired(clock.NowMs, out var late))
            {
                // A place that is free at the last moment is one all the same; reserved and not used, it would be lost.
                var shares = Shares.All(room.ClaimedFrom(late!.Call, claimed));
                Answer(late, TryPlace(late.Call, shares, out var decision) ?? Nowhere(late.Call, decision));
            }

            ServeInOrder(room, claimed);
            room.Tell();
        }
    }

    /// <summary>
    /// Serves those first whose groups use less of what is reserved than they are guaranteed, whatever their tier: what
    /// they were lent for comes back to them before anybody borrows again.
    /// </summary>
    /// <returns>Where they wait for what comes free, by position: nobody else may borrow there.</returns>
    ulong ServeOwners(WaitingRoom room)
    {
        var claimed = 0UL;
        var owners = room.Route.UnderGuarantee(room.Queue.WaitingGroups);
        var looked = owners == 0 ? 0 : room.Queue.PeekOf(room.Heads, owners);
        for (var index = 0; index < looked; index++)
        {
            var ticket = room.Heads[index];
            if (TryPlace(ticket.Item.Call, Shares.Own, out var decision) is { } place)
            {
                room.Queue.Take(ticket);
                Answer(ticket.Item, place);
            }

            claimed |= room.ClaimedFrom(ticket.Item.Call, decision.Claimed);
        }

        return claimed;
    }

    void ServeInOrder(WaitingRoom room, ulong claimed)
    {
        var looked = room.Queue.Peek(room.Heads);
        for (var index = 0; index < looked; index++)
        {
            var ticket = room.Heads[index];
            var waiter = ticket.Item;
            var place = TryPlace(waiter.Call, Shares.All(room.ClaimedFrom(waiter.Call, claimed)), out var decision)
                ?? (IsWorthWaiting(decision) ? null : Nowhere(waiter.Call, decision));
            if (place is null)
            {
                continue;
            }

            // Only what is served is charged to its tenant's share.
            _ = place.Value.Error is null ? room.Queue.Take(ticket) : room.Queue.Remove(ticket);
            Answer(waiter, place.Value);
        }

        Array.Clear(room.Heads);
    }

    void Answer(Waiter waiter, in Place place)
    {
        if (!waiter.Answer.TrySetResult(place))
        {
            place.Lease.Release(0, clock.NowMs);
        }
    }

    Place? TryPlace(Call call, Shares shares, out RouteDecision decision)
    {
        var random = new RandomSource(_seed + (ulong)Interlocked.Increment(ref _draws));
        var trace = call.Traces is null ? null : new DecisionTrace();
        decision = Router.DecideAndReserve(
            call.Request with
            {
                PatienceMs = shares.WithinOwn ? 0 : PatienceOf(call),
                WithinShare = shares.WithinOwn,
                Claimed = shares.Claimed,
            },
            call.Snapshot.Routing.Profile, clock.NowMs, ref random, out var lease, trace);
        if (trace is not null && (decision.Choice is not null || !IsWorthWaiting(decision)))
        {
            call.Traces!.Add(trace);
        }

        return decision.Choice is { } choice
            ? new Place(choice, lease, decision.Position, decision.AtHome, null)
            : null;
    }

    // A batch's line comes again when it has waited in vain, so its patience does not end here.
    long PatienceOf(Call call)
    {
        if (call.Tier == ServiceTier.Batch)
        {
            return long.MaxValue;
        }

        var waitedMs = (long)clock.MillisecondsBetween(call.StartedTimestamp, clock.Timestamp);
        return call.Snapshot.Routing.Profile.PatienceOf(call.Tier, waitedMs, call.Snapshot.MaxWaitMs - waitedMs);
    }

    static bool IsWorthWaiting(in RouteDecision decision) =>
        decision.Reason is RouteRejection.Full or RouteRejection.Throttled;

    /// <summary>
    /// No place in the queue. Those who wait there will not do so for longer than they may, but a deployment whose
    /// window is full can take longer than that to have room again.
    /// </summary>
    GatewayError Crowded(Call call)
    {
        var random = new RandomSource(_seed);
        var decision = Router.Decide(call.Request, call.Snapshot.Routing.Profile, clock.NowMs, ref random);
        var queueMs = call.Snapshot.MaxWaiting > 0 ? call.Snapshot.MaxWaitMs : 0;
        return GatewayError.QueueFull(call.Model, Math.Max(1, Math.Max(queueMs, decision.RetryAfterMs)));
    }

    static Place Nowhere(Call call, in RouteDecision decision) =>
        Place.None(ErrorFor(call, decision), decision.Reason == RouteRejection.AllTried);

    static GatewayError ErrorFor(Call call, in RouteDecision decision) => decision.Reason switch
    {
        RouteRejection.Full or RouteRejection.Throttled or RouteRejection.None =>
            GatewayError.AllFull(call.Model, Math.Max(1, decision.RetryAfterMs)),
        RouteRejection.Unhealthy or RouteRejection.OutOfService or RouteRejection.AllTried =>
            GatewayError.NoneHealthy(call.Model, Math.Clamp(decision.RetryAfterMs, 1000, 60_000)),
        RouteRejection.TooLarge or RouteRejection.ContextTooLong => GatewayError.ContextTooLong(call.Model),
        RouteRejection.BeyondShare => GatewayError.BeyondShare(call.Model),
        RouteRejection.NotCapable =>
            GatewayError.NotCapable(call.Model, CallEstimate.Describe(call.Request.Needs)),
        RouteRejection.ProviderBarred =>
            GatewayError.ProviderBarred(call.Model, call.Rules?.WhyBarred(call.Route!) ?? ""),
        RouteRejection.UseNotAllowed => GatewayError.UseNotAllowed(call.Model, call.Rules?.Use?.Class ?? ""),
        RouteRejection.CountryNotAllowed =>
            GatewayError.CountryNotAllowed(call.Model, call.Countries!.ToString()),
        _ => GatewayError.NoneHealthy(call.Model, 60_000),
    };

    /// <summary>What of guaranteed capacity a call may take now.</summary>
    /// <param name="WithinOwn">Whether what its own group is guaranteed is all.</param>
    /// <param name="Claimed">Where that is all of a reserved deployment, by position.</param>
    readonly record struct Shares(bool WithinOwn, ulong Claimed)
    {
        public static Shares Own => new(true, 0);

        public static Shares All(ulong claimed = 0) => new(false, claimed);
    }

    /// <summary>The queue of one model, with the lock that its owner must hold.</summary>
    sealed class WaitingRoom(ModelRoute route)
    {
        /// <summary>The route of the call that entered last: a reload may have changed the deployments.</summary>
        public ModelRoute Route { get; private set; } = route;

        /// <summary>How many of the first in line are looked at, so that one that cannot go does not block all.</summary>
        const int LooksAt = 16;

        public Lock Gate { get; } = new();

        public FairQueue<Waiter> Queue { get; } = new(0);

        public QueueTicket<Waiter>[] Heads { get; } = new QueueTicket<Waiter>[LooksAt];

        public int Count => Queue.Count;

        /// <summary>What is claimed, for a call that knows the same deployments; positions are those of its route.</summary>
        public ulong ClaimedFrom(Call call, ulong claimed) => call.Route == Route ? claimed : 0;

        /// <summary>Whoever steers by contracts is told how many wait. The lock must be held.</summary>
        public void Tell() => Route.History.Waiting = Queue.Count;

        public bool TryEnter(Waiter waiter, int capacity, long deadlineMs, out Waiter? pushedOut)
        {
            var call = waiter.Call;
            lock (Gate)
            {
                Queue.Resize(capacity);
                Route = call.Route!;
                var ticket = Queue.Enqueue(
                    waiter, call.Tier, call.Key!.Tenant, call.Request.Group, call.Key.Weight, call.Request.ReservedTokens,
                    deadlineMs, out var pushed);
                pushedOut = ticket is null ? null : pushed?.Item;
                waiter.Enter(this, ticket);
                Tell();
                return ticket is not null;
            }
        }
    }

    sealed class Waiter(Call call)
    {
        WaitingRoom? _room;
        QueueTicket<Waiter>? _ticket;

        public Call Call => call;

        public TaskCompletionSource<Place> Answer { get; } =
            new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Enter(WaitingRoom room, QueueTicket<Waiter>? ticket) => (_room, _ticket) = (room, ticket);

        /// <summary>The client has gone: it gives up its place in the line.</summary>
        public void Leave()
        {
            lock (_room!.Gate)
            {
                if (_ticket is not null && _room.Queue.Remove(_ticket))
                {
                    _room.Tell();
                    Answer.TrySetResult(Place.None(GatewayError.ClientLeft()));
                }
            }
        }
    }
}
