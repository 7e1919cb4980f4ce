using FsCheck;
using FsCheck.Fluent;
using Sahab.Routing.Snapshot;

namespace Sahab.Tests.Routing;

/// <summary>The breaker against a plain model of it that keeps whole histories instead of counters.</summary>
public sealed class BreakerProperties
{
    private static readonly HealthTerms Terms = new()
    {
        ConsecutiveFailures = 3,
        FailureShare = 0.5,
        MinimumCalls = 6,
        OpenForMs = 1_000,
        MaxOpenForMs = 5_000,
        CredentialRetryMs = 10_000,
        MaxCredentialRetryMs = 40_000,
    };

    private static readonly Gen<(StepKind Kind, int Number)> Steps =
        from kind in Gen.Frequency(
            (6, Gen.Constant(StepKind.Enter)),
            (5, Gen.Constant(StepKind.Succeed)),
            (6, Gen.Constant(StepKind.Fail)),
            (1, Gen.Constant(StepKind.Release)),
            (1, Gen.Constant(StepKind.Answer)),
            (1, Gen.Constant(StepKind.Reject)),
            (1, Gen.Constant(StepKind.Reload)),
            (5, Gen.Constant(StepKind.Wait)))
        from number in Gen.Choose(0, 6_000)
        select (kind, number);

    private enum StepKind
    {
        Enter,
        Succeed,
        Fail,
        Release,
        Answer,
        Reject,
        Reload,
        Wait,
    }

    [Fact]
    public void The_breaker_does_what_its_model_does()
    {
        var visited = new HashSet<BreakerState>();
        Prop.ForAll(Arb.From(Gen.ArrayOf(Steps, 200)), steps =>
        {
            var pair = new Pair();
            foreach (var (kind, number) in steps)
            {
                if (!pair.Agree(kind, number))
                {
                    return false;
                }

                visited.Add(pair.State);
            }

            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
        visited.Count.ShouldBe(3);
    }

    private sealed class Lease(int epoch, object era)
    {
        public int Epoch { get; set; } = epoch;

        /// <summary>The stretch of one state in which it was taken.</summary>
        public object Era { get; set; } = era;
    }

    private sealed class Pair
    {
        private readonly Breaker _breaker = new(Terms);
        private readonly List<Lease> _leases = [];
        private readonly List<(long Bucket, bool Failed)> _outcomes = [];
        private long _nowMs = 500_000;
        private object _era = new();
        private OutageReason _reason;
        private long _openedAtMs;
        private long _openForMs;
        private int _opensInARow;
        private Lease? _probe;

        public BreakerState State => _reason == OutageReason.None
            ? BreakerState.Closed
            : _nowMs < _openedAtMs + _openForMs ? BreakerState.Open : BreakerState.HalfOpen;

        public bool Agree(StepKind kind, int number)
        {
            if (kind == StepKind.Wait)
            {
                _nowMs += number;
            }
            else if (kind == StepKind.Reload)
            {
                Reload();
            }
            else if (kind == StepKind.Enter)
            {
                if (!AgreeOnEntering())
                {
                    return false;
                }
            }
            else if (_leases.Count > 0)
            {
                Report(kind, _leases[number % _leases.Count]);
            }

            return _breaker.StateAt(_nowMs) == State
                && _breaker.Reason == _reason
                && _breaker.ProbeHeld == (_probe is not null);
        }

        private bool AgreeOnEntering()
        {
            var expected = State == BreakerState.Closed || (State == BreakerState.HalfOpen && _probe is null);
            if (_breaker.TryEnter(_nowMs, out var probes) != expected)
            {
                return false;
            }

            if (expected)
            {
                var lease = new Lease(_breaker.Epoch, _era);
                _leases.Add(lease);
                _probe = State == BreakerState.HalfOpen ? lease : _probe;
            }

            return probes == (expected && State == BreakerState.HalfOpen);
        }

        private void Report(StepKind kind, Lease lease)
        {
            var current = lease.Era == _era;
            switch (kind)
            {
                case StepKind.Answer:
                    lease.Epoch = _breaker.Answered(lease.Epoch);
                    if (current && _reason != OutageReason.None)
                    {
                        Close();
                        lease.Era = _era;
                    }

                    return;
                case StepKind.Succeed:
                    _breaker.Succeeded(lease.Epoch, _nowMs);
                    if (current)
                    {
                        Succeeded();
                    }

                    break;
                case StepKind.Fail:
                    _breaker.Failed(lease.Epoch, _nowMs);
                    if (current)
                    {
                        Failed();
                    }

                    break;
                case StepKind.Reject:
                    _breaker.Rejected(lease.Epoch, OutageReason.CredentialUnknown, _nowMs);
                    if (current)
                    {
                        Open(OutageReason.CredentialUnknown, 10_000, 40_000);
                    }

                    break;
                default:
                    _breaker.ReleaseProbe(lease.Epoch);
                    _probe = _probe == lease ? null : _probe;
                    break;
            }

            _leases.Remove(lease);
        }

        private void Succeeded()
        {
            if (_reason != OutageReason.None)
            {
                Close();
            }

            _outcomes.Add((_nowMs / 3_000, false));
        }

        private void Failed()
        {
            if (_reason != OutageReason.None)
            {
                Open(OutageReason.Failures, 1_000, 5_000);
                return;
            }

            _outcomes.Add((_nowMs / 3_000, true));
            var recent = _outcomes.Where(outcome => outcome.Bucket > (_nowMs / 3_000) - 10).ToList();
            var inARow = Enumerable.Reverse(_outcomes).TakeWhile(outcome => outcome.Failed).Count();
            if (inARow >= 3 || (recent.Count >= 6 && recent.Count(outcome => outcome.Failed) * 2 >= recent.Count))
            {
                Open(OutageReason.Failures, 1_000, 5_000);
            }
        }

        private void Open(OutageReason reason, long first, long most)
        {
            _openForMs = (long)Math.Min(first * Math.Pow(2, _opensInARow), most);
            (_reason, _openedAtMs) = (reason, _nowMs);
            _opensInARow++;
            NewEra();
        }

        private void Close()
        {
            (_reason, _opensInARow) = (OutageReason.None, 0);
            NewEra();
        }

        private void Reload()
        {
            _breaker.CredentialsChanged();
            if (_reason == OutageReason.CredentialUnknown)
            {
                (_openedAtMs, _openForMs, _opensInARow) = (0, 0, 0);
                NewEra();
            }
        }

        private void NewEra()
        {
            _era = new object();
            _outcomes.Clear();
            _probe = null;
        }
    }
}
