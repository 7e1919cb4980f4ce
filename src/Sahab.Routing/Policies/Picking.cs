using System.Numerics;
using Sahab.Routing.Decisions;
using Sahab.Routing.Snapshot;

namespace Sahab.Routing.Policies;

/// <summary>Picks one of the eligible candidates by their scores.</summary>
internal static class Picking
{
    /// <summary>The position of the pick.</summary>
    /// <param name="profile">How to pick.</param>
    /// <param name="candidates">All candidates of the route.</param>
    /// <param name="eligible">The positions that may be picked, one bit each. Not 0.</param>
    /// <param name="scores">Scores by position; only those of eligible positions count.</param>
    /// <param name="random">Breaks ties.</param>
    public static int Pick(
        RoutingProfile profile,
        ReadOnlySpan<Deployment> candidates,
        ulong eligible,
        ReadOnlySpan<double> scores,
        ref RandomSource random)
    {
        var best = double.PositiveInfinity;
        for (var left = eligible; left != 0; left &= left - 1)
        {
            best = Math.Min(best, scores[BitOperations.TrailingZeroCount(left)]);
        }

        var highest = profile.Picker == Picker.PowerOfTwoChoices ? best * (1 + profile.NearTieBand) : best;
        var near = 0UL;
        for (var left = eligible; left != 0; left &= left - 1)
        {
            var position = BitOperations.TrailingZeroCount(left);
            near |= scores[position] <= highest ? 1UL << position : 0;
        }

        return profile.Picker switch
        {
            Picker.PowerOfTwoChoices => LessLoadedOfTwo(candidates, near, scores, ref random),
            Picker.WeightedShuffle => ByWeight(candidates, near, ref random),
            _ => Nth(near, random.NextInt32(BitOperations.PopCount(near))),
        };
    }

    private static int LessLoadedOfTwo(
        ReadOnlySpan<Deployment> candidates, ulong near, ReadOnlySpan<double> scores, ref RandomSource random)
    {
        var count = BitOperations.PopCount(near);
        if (count == 1)
        {
            return BitOperations.TrailingZeroCount(near);
        }

        var first = Nth(near, random.NextInt32(count));
        var second = Nth(near & ~(1UL << first), random.NextInt32(count - 1));
        var (firstLoad, secondLoad) = (candidates[first].State.Load, candidates[second].State.Load);
        if (firstLoad != secondLoad)
        {
            return firstLoad < secondLoad ? first : second;
        }

        return scores[first] <= scores[second] ? first : second;
    }

    private static int ByWeight(ReadOnlySpan<Deployment> candidates, ulong near, ref RandomSource random)
    {
        var sum = 0L;
        for (var left = near; left != 0; left &= left - 1)
        {
            sum += candidates[BitOperations.TrailingZeroCount(left)].Spec.Weight;
        }

        if (sum == 0)
        {
            return Nth(near, random.NextInt32(BitOperations.PopCount(near)));
        }

        var ticket = (long)(random.NextDouble() * sum);
        var last = 0;
        for (var left = near; left != 0; left &= left - 1)
        {
            last = BitOperations.TrailingZeroCount(left);
            ticket -= candidates[last].Spec.Weight;
            if (ticket < 0)
            {
                break;
            }
        }

        return last;
    }

    private static int Nth(ulong bits, int n)
    {
        for (; n > 0; n--)
        {
            bits &= bits - 1;
        }

        return BitOperations.TrailingZeroCount(bits);
    }
}
