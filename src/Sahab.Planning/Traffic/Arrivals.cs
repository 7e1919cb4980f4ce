using System.Collections.Immutable;
using Sahab.Planning.Scenarios;
using Sahab.Routing.Decisions;

namespace Sahab.Planning.Traffic;

/// <summary>
/// The calls of a scenario one by one, in the order of their times. Holds nothing but the next of each traffic, however
/// long the scenario. The same scenario gives the same calls, whoever serves them.
/// </summary>
/// <remarks>
/// A traffic takes the calls of its trace one after the other, from a place that the seed gives, and begins anew at
/// the end. Gaps between them are those of the trace, in operational time: where the rate is twice as high, they are
/// half as long. So lengths come in the trace's own order, and its bursts stay bursts.
/// </remarks>
public sealed class Arrivals
{
    readonly Source[] _sources;
    readonly double _endMs;

    /// <summary>Starts at the beginning.</summary>
    /// <param name="scenario">One without problems (<see cref="ScenarioCheck"/>).</param>
    public Arrivals(Scenario scenario)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        _endMs = scenario.Length.TotalMilliseconds;
        _sources = [.. scenario.Traffic.Select((_, index) => new Source(scenario, index))];
    }

    /// <summary>The next call; false when no more come.</summary>
    public bool TryNext(out Arrival arrival)
    {
        var first = _sources[0];
        foreach (var source in _sources)
        {
            if (source.Next.AtMs < first.Next.AtMs)
            {
                first = source;
            }
        }

        arrival = first.Next;
        if (arrival.AtMs >= _endMs)
        {
            return false;
        }

        first.Move(_endMs);
        return true;
    }

    sealed class Source
    {
        readonly TrafficTerms _terms;
        readonly RateCurve _curve;
        readonly ImmutableArray<double> _tenants;
        readonly ImmutableArray<double> _tiers;
        readonly int _index;
        readonly ulong _seed;
        RandomSource _random;
        int _row;
        double _nowMs;
        long _piece;
        double _rate;
        (double Prompt, double Output) _longer;

        public Source(Scenario scenario, int index)
        {
            _terms = scenario.Traffic[index];
            _index = index;
            _curve = new RateCurve(scenario, _terms);
            _tenants = Cumulated(scenario.Tenants.Select(tenant => tenant.Share));
            _tiers = Cumulated(scenario.Tiers.Select(tier => tier.Share));
            _seed = new RandomSource(scenario.Seed + ((ulong)index << 32)).NextUInt64();
            _random = new RandomSource(_seed);
            _row = _random.NextInt32(_terms.Trace.Count);
            _rate = _curve.RateIn(0);
            _longer = _curve.LengthsIn(0);
            Move(scenario.Length.TotalMilliseconds);
        }

        public Arrival Next { get; private set; }

        public void Move(double endMs)
        {
            Pass(_terms.Trace.GapOf(_row), endMs);
            var prompt = Longer(_terms.Trace.PromptOf(_row), _longer.Prompt);
            var (prefix, prefixTokens) = PrefixOf(prompt);
            Next = new Arrival
            {
                AtMs = _nowMs,
                Traffic = _index,
                Tenant = Draw(_tenants),
                Tier = Draw(_tiers),
                Prompt = prompt,
                Output = Longer(_terms.Trace.OutputOf(_row), _longer.Output),
                Prefix = prefix,
                PrefixTokens = prefixTokens,
            };
            _row = _row + 1 < _terms.Trace.Count ? _row + 1 : 0;
        }

        // Of a chain the first call has nothing that a cache knows, but leaves what the others go on from.
        (ulong Prefix, int Tokens) PrefixOf(int prompt)
        {
            var drawn = _random.NextInt32(_terms.Prefixes);
            if (_terms.PrefixShare == 0 && _terms.Trace.HasPrefixes)
            {
                var known = Longer(_terms.Trace.KnownOf(_row), _longer.Prompt);
                return (
                    HashOf(_terms.Prefixes + _terms.Trace.ChainOf(_row)),
                    _terms.Trace.KnownOf(_row) == 0 ? 0 : Math.Min(known, prompt));
            }

            var tokens = (int)(prompt * _terms.PrefixShare);
            return (tokens == 0 ? 0 : HashOf(drawn), tokens);
        }

        ulong HashOf(int beginning) => new RandomSource(_seed + (ulong)beginning).NextUInt64() | 1;

        static int Longer(int tokens, double factor) =>
            factor == 1 ? tokens : (int)Math.Clamp(Math.Round(tokens * factor), 1, int.MaxValue / 4);

        // Lets so much operational time pass, piece by piece; nothing comes after the end, so nothing is looked for.
        void Pass(double gap, double endMs)
        {
            while (_nowMs < endMs)
            {
                var pieceEnd = (_piece + 1) * _curve.PieceMs;
                var passes = _rate * (pieceEnd - _nowMs);
                if (gap <= passes && _rate > 0)
                {
                    _nowMs += gap / _rate;
                    return;
                }

                gap -= passes;
                _nowMs = pieceEnd;
                _rate = _curve.RateIn(++_piece);
                _longer = _curve.LengthsIn(_piece);
            }
        }

        int Draw(ImmutableArray<double> cumulated)
        {
            var ticket = _random.NextDouble() * cumulated[^1];
            var drawn = 0;
            while (ticket >= cumulated[drawn] && drawn < cumulated.Length - 1)
            {
                drawn++;
            }

            return drawn;
        }

        static ImmutableArray<double> Cumulated(IEnumerable<double> shares)
        {
            var sum = 0.0;
            return [.. shares.Select(share => sum += share)];
        }
    }
}
