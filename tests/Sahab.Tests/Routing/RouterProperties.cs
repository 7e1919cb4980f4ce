using FsCheck;
using FsCheck.Fluent;
using Sahab.Ledger.Rating;
using Sahab.Routing.Decisions;
using Sahab.Routing.Policies;
using Sahab.Routing.Requests;
using Sahab.Routing.Snapshot;
using static Sahab.Tests.Routing.World;

namespace Sahab.Tests.Routing;

/// <summary>What holds for every configuration, every history and every reload.</summary>
public sealed class RouterProperties
{
    private static readonly CountryCode[] Places =
        [.. new[] { "NL", "NO", "US", "DE" }.Select(code => CountryCode.Parse(code))];

    private static readonly RoutingProfile[] Profiles =
    [
        RoutingProfile.Balanced,
        RoutingProfile.WeightedShuffle,
        RoutingProfile.LeastBusy,
        RoutingProfile.LowestLatency,
        RoutingProfile.LowestPrice,
        RoutingProfile.PriorityOrder,
    ];

    private static readonly Gen<ulong> Seeds =
        from high in Gen.Choose(0, int.MaxValue)
        from low in Gen.Choose(0, int.MaxValue)
        select ((ulong)high << 32) | (uint)low;

    [Fact]
    public void No_call_is_ever_sent_where_it_may_not_go()
    {
        var (chosen, refused) = (0, 0);
        Prop.ForAll(Arb.From(Seeds), seed =>
        {
            var story = new Story(seed);
            for (var turn = 0; turn < 60; turn++)
            {
                var request = story.NextRequest();
                var decision = story.Route(request);
                if (decision.Choice is null)
                {
                    refused++;
                    if (decision.Reason == RouteRejection.None || decision.Position != -1)
                    {
                        return false;
                    }

                    continue;
                }

                chosen++;
                var spec = decision.Choice.Spec;
                if (!request.Countries!.Contains(spec.Country)
                    || (request.Needs & ~spec.Capabilities) != 0
                    || (request.Tried & decision.PositionBit) != 0
                    || (spec.ContextTokens > 0 && request.ReservedTokens > spec.ContextTokens)
                    || request.Route.Candidates[decision.Position] != decision.Choice)
                {
                    return false;
                }
            }

            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
        chosen.ShouldBeGreaterThan(1_000);
        refused.ShouldBeGreaterThan(1_000);
    }

    [Fact]
    public void A_call_is_refused_only_if_every_candidate_is() =>
        Prop.ForAll(Arb.From(Seeds), seed =>
        {
            var story = new Story(seed);
            for (var turn = 0; turn < 40; turn++)
            {
                var request = story.NextRequest();
                story.Route(request);
                var trace = story.Explain(request);
                var any = trace.Candidates.Any(candidate => candidate.Verdict == CandidateVerdict.Eligible);
                var chosen = trace.Candidates.Count(candidate => candidate.Chosen);
                if (any != (trace.Decision.Choice is not null)
                    || chosen != (any ? 1 : 0)
                    || trace.Candidates.Count != request.Route.Candidates.Length)
                {
                    return false;
                }
            }

            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    [Fact]
    public void The_same_history_and_seed_give_the_same_decisions() =>
        Prop.ForAll(Arb.From(Seeds), seed => Decisions(seed).SequenceEqual(Decisions(seed)))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(100));

    [Fact]
    public void Explaining_a_decision_does_not_change_it() =>
        Prop.ForAll(Arb.From(Seeds), seed =>
        {
            var story = new Story(seed);
            for (var turn = 0; turn < 30; turn++)
            {
                var request = story.NextRequest();
                story.Route(request);
                if (story.Explain(request).Decision != story.DecideOnly(request))
                {
                    return false;
                }
            }

            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(100));

    private static List<(string?, RouteRejection, long)> Decisions(ulong seed)
    {
        var story = new Story(seed);
        var decisions = new List<(string?, RouteRejection, long)>();
        for (var turn = 0; turn < 60; turn++)
        {
            var decision = story.Route(story.NextRequest());
            decisions.Add((decision.Choice?.Spec.Id, decision.Reason, decision.RetryAfterMs));
        }

        return decisions;
    }

    /// <summary>A configuration that lives: calls, every kind of outcome, the passing of time, reloads.</summary>
    private sealed class Story
    {
        private readonly List<DeploymentLease> _running = [];
        private RandomSource _random;
        private RandomSource _routing;
        private RoutingSnapshot _snapshot;
        private long _nowMs = Start;

        public Story(ulong seed)
        {
            _random = new RandomSource(seed);
            _routing = new RandomSource(seed + 1);
            _snapshot = Configured(null);
        }

        public RouteRequest NextRequest()
        {
            Happen();
            return _snapshot.Ask() with
            {
                Countries = CountrySet.FromCodes(Places.Where(_ => Chance(2))),
                Needs = (Capabilities)(_random.NextInt32(64) & _random.NextInt32(64)),
                PromptTokens = _random.NextInt32(3_000),
                OutputTokens = _random.NextInt32(1_000),
                PrefixHash = (ulong)_random.NextInt32(4),
                Tier = (ServiceTier)_random.NextInt32(4),
                Tried = _random.NextUInt64() & _random.NextUInt64() & _random.NextUInt64(),
            };
        }

        public RouteDecision Route(in RouteRequest request)
        {
            var decision = Router.DecideAndReserve(request, _snapshot.Profile, _nowMs, ref _routing, out var lease);
            if (decision.Choice is not null)
            {
                _running.Add(lease);
            }

            return decision;
        }

        public RouteDecision DecideOnly(in RouteRequest request)
        {
            var random = new RandomSource(99);
            return Router.Decide(request, _snapshot.Profile, _nowMs, ref random);
        }

        public DecisionTrace Explain(in RouteRequest request)
        {
            var random = new RandomSource(99);
            var trace = new DecisionTrace();
            Router.Decide(request, _snapshot.Profile, _nowMs, ref random, trace);
            return trace;
        }

        private void Happen()
        {
            _nowMs += _random.NextInt32(4_000);
            if (Chance(15))
            {
                _snapshot = Configured(_snapshot);
            }

            while (_running.Count > 0 && Chance(2))
            {
                var index = _random.NextInt32(_running.Count);
                End(_running[index]);
                _running.RemoveAt(index);
            }
        }

        private void End(in DeploymentLease lease)
        {
            switch (_random.NextInt32(8))
            {
                case 0:
                    lease.Throttle(Chance(2) ? null : _random.NextInt32(90_000_000), _nowMs);
                    break;
                case 1:
                    lease.RejectCredential(OutageReason.CredentialUnknown, _nowMs);
                    break;
                case 2:
                    lease.Release(_random.NextInt32(100), _nowMs);
                    break;
                case 3 or 4:
                    lease.Fail(FailureKind.Stalled, _random.NextInt32(100), _nowMs);
                    break;
                default:
                    lease.FirstToken(_random.NextInt32(5_000), _nowMs);
                    lease.Succeed(
                        new AttemptUsage(500, _random.NextInt32(500), 200, _random.NextInt32(9_000), Chance(2)),
                        _nowMs);
                    break;
            }
        }

        private RoutingSnapshot Configured(RoutingSnapshot? previous)
        {
            var specs = new DeploymentSpec[_random.NextInt32(10)];
            for (var index = 0; index < specs.Length; index++)
            {
                specs[index] = Spec("d" + index, spec => spec with
                {
                    Country = Chance(8) ? default : Places[_random.NextInt32(Places.Length)],
                    Capabilities = (Capabilities)(_random.NextInt32(64) | _random.NextInt32(64)),
                    ContextTokens = Chance(2) ? 0 : _random.NextInt32(5_000),
                    Limits = Limit(
                        requests: Chance(2) ? null : _random.NextInt32(20),
                        tokens: Chance(2) ? null : _random.NextInt32(20_000),
                        concurrency: Chance(2) ? null : _random.NextInt32(4)),
                    Prices = PriceTerms.FromUsdPerMillion(_random.NextInt32(3), 0, _random.NextInt32(3)),
                    Weight = _random.NextInt32(3),
                    Priority = _random.NextInt32(3),
                });
            }

            return From(previous, Profiles[_random.NextInt32(Profiles.Length)], specs);
        }

        private bool Chance(int oneIn) => _random.NextInt32(oneIn) == 0;
    }
}
