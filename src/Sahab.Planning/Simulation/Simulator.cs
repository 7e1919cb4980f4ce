using Sahab.Ledger.Rating;
using Sahab.Planning.Scenarios;
using Sahab.Planning.Traffic;
using Sahab.Planning.Upstreams;
using Sahab.Routing.Admission;
using Sahab.Routing.Decisions;
using Sahab.Routing.Requests;
using Sahab.Routing.Snapshot;
using Sahab.Routing.Steering;

namespace Sahab.Planning.Simulation;

/// <summary>
/// Runs a scenario from event to event, in virtual time: the router, its admission and the ledger's rating are the very
/// ones of the server; the clouds are <see cref="BatchServer"/>s. Takes a call the way that the gateway does: limits of
/// the key, decision and reservation, a queue when all is full, attempts with one budget, settlement.
/// </summary>
/// <remarks>
/// Memory grows with the calls that are open at once and with the deployments, tenants and tiers, never with the number
/// of calls. Use one for one run; not thread-safe.
/// </remarks>
public sealed class Simulator
{
    /// <summary>Bytes of prompt for a token, in which the router estimates.</summary>
    internal const int BytesPerToken = 4;

    /// <summary>Milliseconds after which an attempt at a cloud that is gone fails.</summary>
    internal const double ConnectMs = 100;

    /// <summary>Milliseconds after which a replica that is full has said so.</summary>
    internal const double ThrottleMs = 1;

    /// <summary>How long open calls are followed after the last came: as long as the gateway lets one take.</summary>
    internal static readonly TimeSpan Drain = TimeSpan.FromMinutes(10);

    /// <summary>How often λ and μ are set anew: as the server does.</summary>
    const double SteerEveryMs = 2_000;

    const int StepsBetweenProgress = 1 << 16;

    readonly Scenario _scenario;
    readonly Arrivals _arrivals;
    readonly Fleet _fleet;
    readonly Timers _timers = new();
    readonly ContractDesk _contracts;
    readonly CostBook _costs;
    readonly ServiceBook _service;
    readonly Stack<SimulatedCall> _free = new();
    readonly PriceTerms[] _prices;
    readonly PrefixCache[] _caches;
    readonly int[] _gone;
    readonly KeyLimiter[] _keys;
    readonly WaitingRoom[] _rooms;
    readonly TenantGroup?[] _groups;
    readonly GroupBook _groupBook;
    readonly int[] _modelOf;
    readonly int[][] _deploymentsOf;
    readonly double[] _maxWaitMs;
    readonly ulong _seed;
    readonly ContractSteering? _steering;
    readonly CourseRecorder _course;
    RoutingSnapshot _routing;
    double _nowMs;
    long _draws;
    long _arrived;
    long _attempts;
    long _open;

    /// <summary>Gets ready.</summary>
    /// <exception cref="ArgumentException">The scenario makes no sense; all that is wrong is named.</exception>
    public Simulator(Scenario scenario)
    {
        ScenarioCheck.ThrowIfProblems(scenario);
        _scenario = scenario;
        _arrivals = new Arrivals(scenario);
        _fleet = new Fleet(scenario);
        _contracts = new ContractDesk(scenario);
        _costs = new CostBook(scenario, _contracts);
        _course = new CourseRecorder(scenario, _contracts);
        _service = new ServiceBook(scenario);
        _prices = [.. scenario.Deployments.Select(deployment => deployment.Spec.Prices)];
        _caches = [.. scenario.Deployments.Select(_ => new PrefixCache())];
        _gone = new int[scenario.Deployments.Length];
        _keys = [.. scenario.Tenants.Select(tenant => new KeyLimiter(tenant.Limits))];
        _maxWaitMs = [.. scenario.Tiers.Select(tier => tier.MaxWait.TotalMilliseconds)];
        _seed = new RandomSource(scenario.Seed).NextUInt64();
        _routing = BuildRouting(previous: null);
        _groups = [.. scenario.Tenants.Select(tenant => tenant.Group is { } id ? _routing.FindGroup(id) : null)];
        _groupBook = new GroupBook(scenario);
        _rooms = [.. scenario.Models.Select(_ => new WaitingRoom(scenario.MaxWaiting))];
        _modelOf = [.. scenario.Traffic.Select(traffic => scenario.Models.IndexOf(traffic.Model))];
        _deploymentsOf =
        [
            .. scenario.Models.Select(model => Enumerable.Range(0, scenario.Deployments.Length)
                .Where(index => scenario.Deployments[index].Spec.Model == model).ToArray()),
        ];
        _steering = scenario.Profile.IsSteered ? new ContractSteering(scenario.Day) : null;
        AddEvents();
    }

    double StopMs => (_scenario.Length + Drain).TotalMilliseconds + _maxWaitMs.Max();

    long NowMs => (long)_nowMs;

    /// <summary>Runs to the end.</summary>
    /// <param name="progress">Is told now and then how far it is.</param>
    /// <param name="stop">Gives up.</param>
    /// <exception cref="OperationCanceledException">It was told to stop.</exception>
    public SimulationReport Run(Action<SimulationProgress>? progress = null, CancellationToken stop = default)
    {
        var (comes, steps) = (_arrivals.TryNext(out var arrival), 0);
        while (true)
        {
            var arrivalMs = comes ? arrival.AtMs : double.PositiveInfinity;
            var nextMs = Math.Min(arrivalMs, Math.Min(_fleet.NextMs, _timers.NextMs));
            if (!comes && (_open == 0 || nextMs > StopMs))
            {
                LookToTheEnd();
                return Report();
            }

            while (_course.NextMs <= nextMs)
            {
                _course.Look(_routing, _steering);
            }

            _nowMs = nextMs;
            if (_timers.NextMs <= nextMs)
            {
                Happen(_timers.Take());
            }
            else if (_fleet.NextMs <= nextMs)
            {
                HappenUpstream();
            }
            else
            {
                Arrive(arrival);
                comes = _arrivals.TryNext(out arrival);
            }

            if (++steps == StepsBetweenProgress)
            {
                steps = 0;
                stop.ThrowIfCancellationRequested();
                var share = Math.Min(1, _nowMs / _scenario.Length.TotalMilliseconds);
                progress?.Invoke(new SimulationProgress(share, _arrived));
            }
        }
    }

    void LookToTheEnd()
    {
        while (!double.IsInfinity(_course.NextMs))
        {
            _course.Look(_routing, _steering);
        }
    }

    void AddEvents()
    {
        if (_steering is not null || _contracts.HasPrices)
        {
            _timers.Add(0, TimerKind.Steer, 0);
        }

        for (var i = 0; i < _scenario.Outages.Length; i++)
        {
            var outage = _scenario.Outages[i];
            _timers.Add(outage.From.TotalMilliseconds, TimerKind.OutageBegins, i);
            _timers.Add((outage.From + outage.Length).TotalMilliseconds, TimerKind.OutageEnds, i);
        }

        for (var i = 0; i < _scenario.PriceChanges.Length; i++)
        {
            _timers.Add(_scenario.PriceChanges[i].At.TotalMilliseconds, TimerKind.PriceChanges, i);
        }
    }

    RoutingSnapshot BuildRouting(RoutingSnapshot? previous)
    {
        var builder = new RoutingSnapshotBuilder(previous)
        {
            Profile = _scenario.Profile,
            Health = _scenario.Health,
            DefaultOutputTokens = _scenario.DefaultOutputTokens,
        };
        foreach (var model in _scenario.Models)
        {
            builder.AddModel(model, Operation.ChatCompletions);
        }

        foreach (var group in _scenario.Groups)
        {
            builder.AddGroup(group);
        }

        foreach (var given in _scenario.Guarantees)
        {
            builder.AddGuarantee(given.Model, given.Terms);
        }

        for (var i = 0; i < _prices.Length; i++)
        {
            builder.AddDeployment(_scenario.Deployments[i].Spec with { Prices = _prices[i] });
        }

        return builder.Build();
    }

    void Happen(in Timer timer)
    {
        switch (timer.Kind)
        {
            case TimerKind.OutageBegins:
                Lose(_scenario.Outages[timer.Index]);
                break;
            case TimerKind.OutageEnds:
                ForEachCovered(_scenario.Outages[timer.Index], index => _gone[index]--);
                break;
            case TimerKind.PriceChanges:
                // As a reload does: a new snapshot that knows all that the old one had learned.
                var change = _scenario.PriceChanges[timer.Index];
                _prices[IndexOf(change.Deployment)] = change.Prices;
                _routing = BuildRouting(_routing);
                _contracts.Apply(_routing, _nowMs);
                break;
            case TimerKind.Steer:
                Steer();
                break;
            case TimerKind.LookAtRoom:
                _rooms[timer.Index].IsLookDue = false;
                Serve(timer.Index);
                break;
            case TimerKind.AttemptFails:
                Fail(timer.Call!, FailureKind.Unreachable);
                break;
            default:
                Throttle(timer.Call!);
                break;
        }
    }

    void Steer()
    {
        var nextMs = _contracts.Apply(_routing, _nowMs);
        if (_steering is not null)
        {
            SetPrices(_steering);
            nextMs = _nowMs + SteerEveryMs;
        }

        if (_nowMs < _scenario.Length.TotalMilliseconds)
        {
            _timers.Add(Math.Max(nextMs, _nowMs + 1), TimerKind.Steer, 0);
        }
    }

    void SetPrices(ContractSteering steering)
    {
        for (var model = 0; model < _rooms.Length; model++)
        {
            _routing.Models[model].History.Waiting = _rooms[model].Queue.Count;
        }

        steering.Step(_routing, _contracts.Paces(_routing, _nowMs), _nowMs);
    }

    void HappenUpstream()
    {
        var happened = _fleet.Step(out var job);
        var call = (SimulatedCall)job!;
        if (happened == BatchEvent.FirstToken)
        {
            call.FirstTokenMs = _nowMs;
            call.Lease.FirstToken(_nowMs - call.StartedMs + OverheadMs(call), NowMs);
            return;
        }

        var usage = new TokenUsage(call.PromptTokens, call.CachedTokens, call.OutputTokens, 0);
        call.Lease.Succeed(
            new AttemptUsage(
                usage.PromptTokens, usage.CachedTokens, usage.OutputTokens, _nowMs - call.FirstTokenMs, call.AtHome),
            NowMs);
        call.Request.Route.History.Learn((long)call.PromptTokens * BytesPerToken, usage, choices: 1);
        _costs.Add(call.Deployment, usage, call.Prices, call.Hour);
        _contracts.End(call.Hour);
        _service.Served(call, _nowMs, OverheadMs(call));
        _groupBook.Add(call);
        var model = ModelOf(call);
        call.Key.Settle(call.Tokens, NowMs);
        Leave(call);
        Serve(model);
    }

    void Arrive(in Arrival arrival)
    {
        var call = _free.TryPop(out var used) ? used : new SimulatedCall();
        var tenant = _scenario.Tenants[arrival.Tenant];
        var route = _routing.Models[_modelOf[arrival.Traffic]];
        var prompt = route.EstimatePromptTokens((long)arrival.Prompt * BytesPerToken);
        (call.Arrival, call.Attempts, call.FirstTokenMs) = (arrival, 0, 0);
        call.Request = new RouteRequest
        {
            Route = route,
            PromptTokens = prompt,
            OutputTokens = route.EstimateOutputTokens(maxTokens: 0, choices: 1),
            ExpectedOutputTokens = route.ExpectOutputTokens(prompt, maxTokens: 0, choices: 1),
            PrefixHash = arrival.Prefix,
            Countries = tenant.Countries,
            Tier = _scenario.Tiers[arrival.Tier].Tier,
            Group = _groups[arrival.Tenant],
        };
        _arrived++;
        _open++;
        _service.Arrived(call);
        var admitted = _keys[arrival.Tenant].TryAdmit(call.Request.ReservedTokens, NowMs, out var lease);
        call.Key = lease;
        if (!admitted.Admitted)
        {
            End(call, CallEnd.Limited);
            return;
        }

        Find(call);
    }

    void Find(SimulatedCall call)
    {
        var model = ModelOf(call);
        var queue = _rooms[model].Queue;
        if (!queue.HasAhead(call.Request.Tier) && call.Request.Route.UnderGuarantee(queue.WaitingGroups) == 0)
        {
            if (TryPlace(call, out var decision))
            {
                return;
            }

            if (!IsWorthWaiting(decision))
            {
                End(call, CallEnd.Refused);
                return;
            }
        }

        Wait(call, model);
    }

    void Wait(SimulatedCall call, int model)
    {
        var tenant = _scenario.Tenants[call.Arrival.Tenant];
        var ticket = _rooms[model].Queue.Enqueue(
            call, call.Request.Tier, tenant.Id, call.Request.Group, tenant.Weight, call.Request.ReservedTokens,
            (long)(_nowMs + _maxWaitMs[call.Arrival.Tier]), out var pushedOut);
        if (pushedOut is not null)
        {
            End(pushedOut.Item, CallEnd.Refused);
        }

        if (ticket is not null)
        {
            Serve(model);
        }
    }

    // As the gateway does, but that of batch calls, which come last and all want the same, only the first is looked at.
    void Serve(int model)
    {
        var room = _rooms[model];
        if (room.Queue.Count == 0)
        {
            return;
        }

        var before = room.Queue.Count;
        var claimed = ServeOwners(room, model);
        var served = before - room.Queue.Count;
        while (room.Queue.TryRemoveExpired(NowMs, out var late))
        {
            if (!TryPlace(late!, out _, claimed))
            {
                End(late!, CallEnd.Refused);
            }
        }

        before = room.Queue.Count + served;
        var looked = room.Queue.Peek(room.Heads);
        for (var index = 0; index < looked; index++)
        {
            var ticket = room.Heads[index];
            if (TryPlace(ticket.Item, out var decision, claimed))
            {
                room.Queue.Take(ticket);
            }
            else if (!IsWorthWaiting(decision))
            {
                room.Queue.Remove(ticket);
                End(ticket.Item, CallEnd.Refused);
            }
            else if (ticket.Tier == ServiceTier.Batch)
            {
                break;
            }
        }

        Array.Clear(room.Heads);
        LookAgain(room, model, hasServed: room.Queue.Count < before);
    }

    // As the gateway does: before anybody borrows, those whose groups use less than they are guaranteed.
    ulong ServeOwners(WaitingRoom room, int model)
    {
        var claimed = 0UL;
        var owners = _routing.Models[model].UnderGuarantee(room.Queue.WaitingGroups);
        var looked = owners == 0 ? 0 : room.Queue.PeekOf(room.Heads, owners);
        for (var index = 0; index < looked; index++)
        {
            var ticket = room.Heads[index];
            if (TryPlace(ticket.Item, out var decision, withinShare: true))
            {
                room.Queue.Take(ticket);
            }

            claimed |= decision.Claimed;
        }

        return claimed;
    }

    void LookAgain(WaitingRoom room, int model, bool hasServed)
    {
        if (hasServed)
        {
            room.LookMs = WaitingRoom.ShortestLookMs;
        }

        if (room.Queue.Count > 0 && !room.IsLookDue)
        {
            room.IsLookDue = true;
            _timers.Add(_nowMs + room.LookMs, TimerKind.LookAtRoom, model);
            room.LookMs = Math.Min(room.LookMs * 2, WaitingRoom.LongestLookMs);
        }
    }

    bool TryPlace(SimulatedCall call, out RouteDecision decision, ulong claimed = 0, bool withinShare = false)
    {
        var random = new RandomSource(_seed + (ulong)++_draws);
        decision = Router.DecideAndReserve(
            call.Request with
            {
                PatienceMs = withinShare ? 0 : PatienceOf(call),
                WithinShare = withinShare,
                Claimed = claimed,
            },
            _scenario.Profile, NowMs, ref random, out var lease);
        if (decision.Choice is not { } choice)
        {
            return false;
        }

        call.Lease = lease;
        call.Deployment = _deploymentsOf[ModelOf(call)][decision.Position];
        call.PositionBit = decision.PositionBit;
        call.AtHome = decision.AtHome;
        call.Prices = choice.Spec.Prices;
        call.StartedMs = _nowMs;
        call.Hour = _contracts.Begin(_nowMs);
        call.Attempts++;
        _attempts++;
        Send(call);
        return true;
    }

    long PatienceOf(SimulatedCall call)
    {
        var waited = _nowMs - call.Arrival.AtMs;
        return _scenario.Profile.PatienceOf(
            call.Request.Tier, (long)waited, (long)(_maxWaitMs[call.Arrival.Tier] - waited));
    }

    void Send(SimulatedCall call)
    {
        if (_gone[call.Deployment] > 0)
        {
            _timers.Add(_nowMs + ConnectMs, TimerKind.AttemptFails, call: call);
            return;
        }

        var arrival = call.Arrival;
        var known = _caches[call.Deployment].See(arrival.Prefix, _nowMs) ? arrival.PrefixTokens : 0;
        (call.PromptTokens, call.PrefillTokens, call.OutputTokens) =
            (arrival.Prompt, arrival.Prompt - known, arrival.Output);
        if (!_fleet.TryAccept(call.Deployment, call, _nowMs))
        {
            _timers.Add(_nowMs + ThrottleMs, TimerKind.AttemptThrottled, call: call);
        }
    }

    void Lose(Outage outage) => ForEachCovered(outage, index =>
    {
        _gone[index]++;
        var (unanswered, cut) = _fleet.Clear(index, _nowMs);
        foreach (var job in unanswered)
        {
            Fail((SimulatedCall)job, FailureKind.Cut);
        }

        foreach (var job in cut)
        {
            // The client has begun to read: nobody else can take over.
            var call = (SimulatedCall)job;
            call.Lease.Fail(FailureKind.Cut, 0, NowMs);
            _contracts.End(call.Hour);
            End(call, CallEnd.Failed);
        }
    });

    void Fail(SimulatedCall call, FailureKind kind)
    {
        call.Lease.Fail(kind, 0, NowMs);
        _contracts.End(call.Hour);
        call.Request = call.Request with { Tried = call.Request.Tried | call.PositionBit };
        TryAgain(call, CallEnd.Failed);
    }

    void Throttle(SimulatedCall call)
    {
        call.Lease.Throttle(retryAfterMs: null, NowMs);
        _contracts.End(call.Hour);
        TryAgain(call, CallEnd.Refused);
    }

    void TryAgain(SimulatedCall call, CallEnd end)
    {
        Serve(ModelOf(call));
        if (call.Attempts < _scenario.MaxAttempts)
        {
            Find(call);
        }
        else
        {
            End(call, end);
        }
    }

    void End(SimulatedCall call, CallEnd end)
    {
        _ = call.Attempts == 0 ? call.Key.Cancel(NowMs) : call.Key.Settle(0, NowMs);
        _service.Unserved(call, end);
        Leave(call);
    }

    void Leave(SimulatedCall call)
    {
        (call.Key, call.Lease) = (default, default);
        _open--;
        _free.Push(call);
    }

    SimulationReport Report()
    {
        _contracts.Finish();
        var deployments = _costs.Deployments(index => _fleet.BusyShare(index, _scenario.Length.TotalMilliseconds));
        var contracts = _costs.Contracts();
        return new SimulationReport
        {
            Scenario = _scenario.Name,
            Policy = _scenario.Profile.Name,
            Seed = _scenario.Seed,
            Hours = _scenario.Length.TotalHours,
            Calls = _service.Counts(_attempts),
            Cost = new CostSum(
                contracts.Sum(each => each.UsageUsd), contracts.Sum(each => each.ReservedUsd),
                contracts.Sum(each => each.ShortfallUsd), contracts.Sum(each => each.TotalUsd),
                _service.UnservedTokens * _scenario.RefusalUsdPerMillionTokens / 1_000_000)
            {
                ExpiredUsd = contracts.Sum(each => each.ExpiredUsd),
                CreditUsd = contracts.Sum(each => each.CreditUsd),
            },
            Providers =
            [
                .. deployments.Select(each => each.Provider).Concat(contracts.Select(each => each.Provider)).Distinct()
                    .Select(provider => new ProviderCost(
                        provider, deployments.Where(each => each.Provider == provider).Sum(each => each.Calls),
                        contracts.Where(each => each.Provider == provider).Sum(each => each.UsageUsd),
                        contracts.Where(each => each.Provider == provider).Sum(each => each.ReservedUsd))),
            ],
            Deployments = deployments,
            Contracts = contracts,
            Commitments = _contracts.Commitments(),
            Spill = _costs.Spill(),
            Tiers = _service.Tiers(),
            Tenants = _service.Tenants(),
            TiersOfTenants = _service.TiersOfTenants(),
            Course = _course.ToCourse(),
            Groups = _groupBook.Groups(),
        };
    }

    static bool IsWorthWaiting(in RouteDecision decision) =>
        decision.Reason is RouteRejection.Full or RouteRejection.Throttled;

    int ModelOf(SimulatedCall call) => _modelOf[call.Arrival.Traffic];

    double OverheadMs(SimulatedCall call) => _scenario.Deployments[call.Deployment].Upstream.OverheadMs;

    int IndexOf(string deployment) => Enumerable.Range(0, _scenario.Deployments.Length)
        .First(index => _scenario.Deployments[index].Spec.Id == deployment);

    void ForEachCovered(Outage outage, Action<int> act)
    {
        for (var i = 0; i < _scenario.Deployments.Length; i++)
        {
            if (outage.Covers(_scenario.Deployments[i].Spec))
            {
                act(i);
            }
        }
    }
}
