using Sahab.Planning.Scenarios;
using Sahab.Routing.Snapshot;
using Sahab.Routing.Steering;

namespace Sahab.Planning.Simulation;

/// <summary>Looks at a simulation at even distances of time. Nothing of it depends on being looked at.</summary>
internal sealed class CourseRecorder
{
    /// <summary>Capacity units of scenarios are milliseconds of a replica.</summary>
    const double UnitsPerHour = 3_600_000;

    const double NanoPerUsd = 1e9;

    /// <summary>Capacity fills and empties in seconds: a point is the mean of so many looks before it.</summary>
    const int LooksPerPoint = 8;

    readonly ContractDesk _contracts;
    readonly double _everyMs;
    readonly double _endMs;
    readonly List<double> _hours = [];
    long _looks;
    readonly SortedDictionary<string, Drawdown> _commitments = new(StringComparer.Ordinal);
    readonly Capacity[] _capacities;

    public CourseRecorder(Scenario scenario, ContractDesk contracts)
    {
        _contracts = contracts;
        _endMs = scenario.Length.TotalMilliseconds;
        _everyMs = _endMs / (SimulationCourse.MaxPoints - 1);
        _capacities =
        [
            .. scenario.Deployments.Where(each => each.Spec.Kind == CapacityKind.Reserved)
                .Select(each => new Capacity(each.Spec.Id)),
        ];
    }

    /// <summary>When it looks next; infinite when it has looked often enough.</summary>
    public double NextMs => _hours.Count < SimulationCourse.MaxPoints
        ? Math.Min(_looks * _everyMs / LooksPerPoint, _endMs) : double.PositiveInfinity;

    /// <summary>Takes the look that is due.</summary>
    public void Look(RoutingSnapshot routing, ContractSteering? steering)
    {
        var nowMs = NextMs;
        foreach (var capacity in _capacities)
        {
            if (routing.TryGetDeployment(capacity.Deployment, out var deployment))
            {
                capacity.Seen += Math.Clamp(deployment.State.Load, 0, 1);
                capacity.Looks++;
            }
        }

        if (_looks++ % LooksPerPoint == 0)
        {
            TakePoint(nowMs, routing, steering);
        }
    }

    void TakePoint(double nowMs, RoutingSnapshot routing, ContractSteering? steering)
    {
        foreach (var (window, drawnUsd, targetUsd) in _contracts.DrawnAt(nowMs))
        {
            var name = ContractDesk.NameOf(window.Standing.Contract, window.Standing.Commitment);
            if (!_commitments.TryGetValue(name, out var drawdown))
            {
                _commitments.Add(name, drawdown = new Drawdown());
            }

            drawdown.FillTo(_hours.Count);
            drawdown.Drawn.Add(drawnUsd);
            drawdown.Target.Add(targetUsd);
            drawdown.Lambda.Add(steering?.Shares.GetValueOrDefault(window.Id) ?? 0);
        }

        foreach (var capacity in _capacities)
        {
            if (routing.TryGetDeployment(capacity.Deployment, out var deployment))
            {
                capacity.Load.Add(Math.Round(capacity.Seen / capacity.Looks, 4));
                (capacity.Seen, capacity.Looks) = (0, 0);
                capacity.Mu.Add(Math.Round(
                    deployment.State.Price.NanoUsdPerUnit * UnitsPerHour / NanoPerUsd, 4));
            }
        }

        _hours.Add(Math.Round(nowMs / TimeSpan.FromHours(1).TotalMilliseconds, 6));
    }

    public SimulationCourse ToCourse() => new()
    {
        Hours = [.. _hours],
        Commitments =
        [
            .. _commitments.Select(each =>
            {
                each.Value.FillTo(_hours.Count);
                return new CommitmentCourse(
                    each.Key, [.. each.Value.Drawn], [.. each.Value.Target], [.. each.Value.Lambda]);
            }),
        ],
        Capacities = [.. _capacities.Select(each => new CapacityCourse(each.Deployment, [.. each.Load], [.. each.Mu]))],
    };

    sealed class Drawdown
    {
        public List<double?> Drawn { get; } = [];

        public List<double?> Target { get; } = [];

        public List<double> Lambda { get; } = [];

        public void FillTo(int count)
        {
            while (Drawn.Count < count)
            {
                Drawn.Add(null);
                Target.Add(null);
                Lambda.Add(0);
            }
        }
    }

    sealed record Capacity(string Deployment)
    {
        public double Seen { get; set; }

        public int Looks { get; set; }

        public List<double> Load { get; } = [];

        public List<double> Mu { get; } = [];
    }
}
