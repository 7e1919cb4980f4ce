using System.Collections.Immutable;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Money;
using Sahab.Ledger.Rating;
using Sahab.Ledger.Settlements;
using Sahab.Planning.Scenarios;
using Sahab.Routing.Snapshot;
using Sahab.Routing.Steering;

namespace Sahab.Planning.Simulation;

/// <summary>An hour of the contracts in which attempts were begun that have not all ended.</summary>
internal sealed class OpenHour(int deployments)
{
    /// <summary>Its number in the scenario, from 0.</summary>
    public int Index { get; set; }

    /// <summary>Attempts that were begun in it and are under way.</summary>
    public int UnderWay { get; set; }

    /// <summary>By deployment; null where no contract covers its calls.</summary>
    public ChargeTerms?[] Terms { get; } = new ChargeTerms?[deployments];

    /// <summary>By deployment, what its calls under a contract come to.</summary>
    public HourSum[] Sums { get; } = new HourSum[deployments];
}

/// <summary>Sums of <see cref="Ledger.Settlements.Charge"/>s, money in billionths.</summary>
internal struct HourSum
{
    public Int128 List;
    public Int128 Net;
    public Int128 Cost;
    public long Tokens;
}

/// <summary>
/// The contracts while a scenario runs: prices each attempt by the terms of the hour in which it was begun, keeps what
/// an hour's attempts come to until all of them have ended, and then lets the ledger settle it. So it holds a few hours,
/// however long the scenario.
/// </summary>
internal sealed class ContractDesk
{
    readonly ContractCalendar _calendar;
    readonly Dictionary<string, StatementFold> _folds;
    readonly Dictionary<string, ContractSums> _sums = new(StringComparer.Ordinal);
    readonly Queue<OpenHour> _open = new();
    readonly Stack<OpenHour> _free = new();
    readonly NanoUsd[] _uncontracted;
    readonly decimal[] _settled;
    OpenHour _current;
    int _settledHours;
    (RoutingSnapshot? Routing, int Index, int Settled) _windowsOf;
    ImmutableArray<OpenWindow> _windows = [];
    (RoutingSnapshot? Routing, int Index) _applied;

    public ContractDesk(Scenario scenario)
    {
        _calendar = new ContractCalendar(scenario);
        _folds = _calendar.Contracts.Providers.ToDictionary(
            provider => provider, provider => new StatementFold(_calendar.Contracts, provider, _calendar.First),
            StringComparer.Ordinal);
        _uncontracted = new NanoUsd[scenario.Deployments.Length];
        _settled = new decimal[scenario.Deployments.Length];
        _current = Open(0);
    }

    /// <summary>Whether what the contracts say has to be told to the router.</summary>
    public bool HasPrices => _calendar.HasPrices;

    /// <summary>An attempt begins. Returns the hour that it counts in.</summary>
    public OpenHour Begin(double nowMs)
    {
        var index = _calendar.IndexAt(nowMs);
        while (_current.Index < index)
        {
            _current = Open(_current.Index + 1);
        }

        SettleEnded();
        _current.UnderWay++;
        return _current;
    }

    /// <summary>An attempt has ended, however.</summary>
    public void End(OpenHour hour)
    {
        hour.UnderWay--;
        if (hour != _current)
        {
            SettleEnded();
        }
    }

    /// <summary>Counts what an attempt used that was begun in the hour.</summary>
    /// <param name="deployment">By its position in the scenario.</param>
    /// <param name="usage">What it used.</param>
    /// <param name="prices">The deployment's own prices when it was made.</param>
    /// <param name="hour">The hour.</param>
    public void Charge(int deployment, in TokenUsage usage, in PriceTerms prices, OpenHour hour)
    {
        var terms = hour.Terms[deployment];
        var (list, net, cost) = Ledger.Settlements.Charge.AmountsOf(usage, prices, terms);
        if (terms is null)
        {
            _uncontracted[deployment] += cost;
            return;
        }

        ref var sum = ref hour.Sums[deployment];
        sum.List += list.Value;
        sum.Net += net.Value;
        sum.Cost += cost.Value;
        sum.Tokens += usage.TotalTokens;
    }

    /// <summary>Tells the router the rates in force and whom somebody's exclusivity bars.</summary>
    /// <returns>When that is to be done again, in milliseconds.</returns>
    public double Apply(RoutingSnapshot routing, double nowMs)
    {
        var index = _calendar.IndexAt(nowMs);
        if (HasPrices && _applied != (routing, index))
        {
            _applied = (routing, index);
            SteeringTerms.Apply(routing, _calendar.Contracts, _calendar.At(index).Start);
        }

        return _calendar.MsOf(index + 1L);
    }

    /// <summary>How the windows stand that are open: as settled, and what was used since.</summary>
    public ImmutableArray<SteeredCommitment> Paces(RoutingSnapshot routing, double nowMs) =>
    [
        .. WindowsAt(routing, nowMs).Select(window => new SteeredCommitment(
            window.Id,
            window.Deployments,
            new CommitmentPace
            {
                Target = (double)(window.Standing.Target * _calendar.Share) * window.UsdPerUnit,
                Drawn = DrawnUsd(window),
                UntilMs = _calendar.MsOf(window.Standing.Window.Until),
            },
            (double)window.Commitment.OwedShare)),
    ];

    /// <summary>What counts toward an open window, in US dollars of the scenario.</summary>
    public double DrawnUsd(OpenWindow window)
    {
        var since = 0m;
        foreach (var hour in _open)
        {
            var start = _calendar.At(hour.Index).Start;
            if (start >= window.Standing.Window.From && start < window.Standing.Window.Until)
            {
                since += SumOf(hour, window);
            }
        }

        return (double)((window.Standing.Counted * _calendar.Share) + since) * window.UsdPerUnit;
    }

    /// <summary>The windows that deployments draw on, at a time.</summary>
    public ImmutableArray<OpenWindow> WindowsAt(RoutingSnapshot routing, double nowMs)
    {
        var index = _calendar.IndexAt(nowMs);
        if (_folds.Count > 0 && _windowsOf != (routing, index, _settledHours))
        {
            _windowsOf = (routing, index, _settledHours);
            _windows = SteeringTerms.OpenWindows(
                routing, _calendar.Contracts, [.. _folds.Values.SelectMany(fold => fold.Standings)],
                _calendar.At(index).Start);
        }

        return _windows;
    }

    /// <summary>The windows that are open at a time, what counts toward each, and its target, in US dollars.</summary>
    public IEnumerable<(OpenWindow Window, double DrawnUsd, double TargetUsd)> DrawnAt(double nowMs)
    {
        var hour = _calendar.At(_calendar.IndexAt(nowMs));
        foreach (var (provider, fold) in _folds)
        {
            foreach (var terms in _calendar.Contracts.At(provider, hour))
            {
                var usd = (double)_calendar.Contracts.UsdPerUnit(terms.Contract.Currency, hour);
                foreach (var commitment in terms.Commitments.AsEnumerable())
                {
                    if (commitment.WindowAt(hour) is { } agreed)
                    {
                        var window = new OpenWindow(
                            StandingOf(fold, terms.Contract.Id, commitment.Id, agreed), commitment,
                            usd * (double)commitment.UnitWorth, CountedFor(provider, commitment));
                        yield return (
                            window, DrawnUsd(window),
                            (double)(window.Standing.Target * _calendar.Share) * window.UsdPerUnit);
                    }
                }
            }
        }
    }

    /// <summary>Settles all hours to the end of the scenario. What is still under way then is not counted.</summary>
    public void Finish()
    {
        while (_current.Index < _calendar.Hours - 1)
        {
            _current = Open(_current.Index + 1);
        }

        while (_open.TryDequeue(out var hour))
        {
            Settle(hour);
        }
    }

    /// <summary>What a deployment's calls cost, in US dollars, as settled.</summary>
    public decimal UsageUsd(int deployment) => _uncontracted[deployment].ToUsd() + _settled[deployment];

    /// <summary>What its calls under no contract cost, in US dollars.</summary>
    public decimal UncontractedUsd(int deployment) => _uncontracted[deployment].ToUsd();

    /// <summary>By contract, in the order of providers and contracts.</summary>
    public IEnumerable<ContractCost> Contracts() =>
        _sums.OrderBy(each => each.Value.Provider, StringComparer.Ordinal)
            .ThenBy(each => each.Key, StringComparer.Ordinal)
            .Select(each => each.Value.ToCost(each.Key));

    /// <summary>By window of each commitment.</summary>
    public ImmutableArray<CommitmentCost> Commitments() =>
    [
        .. _folds.Values.SelectMany(fold => fold.Standings)
            .GroupBy(standing => (standing.Contract, standing.Commitment))
            .OrderBy(group => group.Key.Contract, StringComparer.Ordinal)
            .ThenBy(group => group.Key.Commitment, StringComparer.Ordinal)
            .SelectMany(group => group.OrderBy(standing => standing.Window.From).Select(CostOf)),
    ];

    /// <summary>Such as "aws/spend"; of a commitment in short, its id.</summary>
    public static string NameOf(string contract, string commitment) =>
        commitment == contract ? contract : $"{contract}/{commitment}";

    static CommitmentStanding StandingOf(
        StatementFold fold, string contract, string commitment, CommitmentWindow window) =>
        fold.Standings.FirstOrDefault(standing => standing.Contract == contract
            && standing.Commitment == commitment && standing.Window.From == window.From)
        ?? new CommitmentStanding { Contract = contract, Commitment = commitment, Window = window };

    ImmutableArray<string> CountedFor(string provider, Commitment commitment) =>
    [
        .. _calendar.Uses.Where(use => use.Provider == provider && commitment.Counts(use))
            .Select(use => use.Deployment),
    ];

    CommitmentCost CostOf(CommitmentStanding standing, int period)
    {
        var contracts = _calendar.Contracts;
        var terms = contracts.Find(standing.Contract, Hour.Of(standing.Window.From))!;
        var last = new Hour(Hour.Of(standing.Window.Until).Number - 1);
        var usd = contracts.UsdPerUnit(terms.Contract.Currency, last) * _calendar.Share;
        var worth = usd * (terms.Find<Commitment>(standing.Commitment)?.UnitWorth ?? 1);
        return new CommitmentCost(
            NameOf(standing.Contract, standing.Commitment), period, Rounded(standing.Target * worth),
            Rounded(standing.Counted * worth), Rounded((standing.Owed ?? 0) * usd), HoursAt(standing.Window.From),
            HoursAt(standing.Window.Until));
    }

    static decimal Rounded(decimal usd) => decimal.Round(usd, 9);

    double HoursAt(DateTimeOffset at) =>
        Math.Round(TimeSpan.FromMilliseconds(_calendar.MsOf(at)).TotalHours, 6);

    OpenHour Open(int index)
    {
        var hour = _free.TryPop(out var used) ? used : new OpenHour(_settled.Length);
        hour.Index = index;
        for (var i = 0; i < hour.Terms.Length; i++)
        {
            hour.Terms[i] = ChargeTerms.For(_calendar.Uses[i], _calendar.At(index), _calendar.Contracts);
        }

        _open.Enqueue(hour);
        return hour;
    }

    void SettleEnded()
    {
        while (_open.TryPeek(out var oldest) && oldest != _current && oldest.UnderWay == 0)
        {
            Settle(_open.Dequeue());
        }
    }

    void Settle(OpenHour hour)
    {
        foreach (var (provider, fold) in _folds)
        {
            foreach (var line in fold.Settle(SumsOf(hour, provider)))
            {
                Count(line);
            }
        }

        Array.Clear(hour.Sums);
        _free.Push(hour);
        _settledHours++;
    }

    // What a scenario of compressed time has is a part of what the contracts see.
    IEnumerable<ChargeSum> SumsOf(OpenHour hour, string provider)
    {
        for (var i = 0; i < hour.Sums.Length; i++)
        {
            var sum = hour.Sums[i];
            if (sum.Tokens > 0 && _calendar.Uses[i].Provider == provider)
            {
                yield return new ChargeSum(
                    _calendar.Uses[i], _calendar.At(hour.Index), Whole((decimal)sum.List / NanoUsd.PerUsd),
                    Whole((decimal)sum.Net / NanoUsd.PerUsd), Whole(sum.Tokens),
                    decimal.Round(Whole((decimal)sum.Cost)));
            }
        }
    }

    decimal Whole(decimal part) => _calendar.Share == 1 ? part : part / _calendar.Share;

    void Count(StatementLine line)
    {
        var usd = line.EffectiveUsd * _calendar.Share;
        if (!_sums.TryGetValue(line.Contract!, out var sums))
        {
            _sums.Add(line.Contract!, sums = new ContractSums(line.Provider));
        }

        sums.Add(line.Kind, usd);
        if (line.Kind is StatementKind.Use or StatementKind.CoveredUse)
        {
            _settled[Array.IndexOf(_calendar.Uses, line.Use)] += usd;
        }
    }

    decimal SumOf(OpenHour hour, OpenWindow window)
    {
        var sum = 0m;
        for (var i = 0; i < hour.Sums.Length; i++)
        {
            if (window.Deployments.Contains(_calendar.Uses[i].Deployment))
            {
                ref var of = ref hour.Sums[i];
                sum += window.Commitment.Measure == Measure.Quantity ? of.Tokens
                    : (decimal)(window.Commitment.Basis == DrawdownBasis.ListPrice ? of.List : of.Net) / NanoUsd.PerUsd;
            }
        }

        return sum;
    }

    /// <summary>What a contract comes to, in US dollars.</summary>
    sealed class ContractSums(string provider)
    {
        readonly decimal[] _byKind = new decimal[Enum.GetValues<StatementKind>().Length];

        public string Provider => provider;

        public void Add(StatementKind kind, decimal usd) => _byKind[(int)kind] += usd;

        public ContractCost ToCost(string contract) => new()
        {
            Contract = contract,
            Provider = provider,
            UsageUsd = _byKind[(int)StatementKind.Use] + _byKind[(int)StatementKind.CoveredUse],
            ReservedUsd = _byKind[(int)StatementKind.Fixed] + _byKind[(int)StatementKind.UnusedBaseline],
            ShortfallUsd = _byKind[(int)StatementKind.Shortfall],
            ExpiredUsd = _byKind[(int)StatementKind.Expired],
            CreditUsd = _byKind[(int)StatementKind.Credit],
        };
    }
}
