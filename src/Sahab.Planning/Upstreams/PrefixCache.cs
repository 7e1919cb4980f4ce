namespace Sahab.Planning.Upstreams;

/// <summary>
/// Which beginnings of prompts a deployment's cache knows: those that it has seen in the last minutes. A table of
/// fixed size; of two beginnings that fall into one place, the later stays.
/// </summary>
internal sealed class PrefixCache
{
    /// <summary>How long a beginning is kept after it was last seen: what vendors promise at least.</summary>
    public const double LifeMs = 5 * 60 * 1000;

    const int Places = 4096;

    readonly (ulong Prefix, double SeenMs)[] _places = new (ulong, double)[Places];

    /// <summary>Whether the cache knows a beginning; afterwards it does.</summary>
    /// <param name="prefix">Its hash; 0 is never known.</param>
    /// <param name="nowMs">Now.</param>
    public bool See(ulong prefix, double nowMs)
    {
        if (prefix == 0)
        {
            return false;
        }

        ref var place = ref _places[prefix % Places];
        var isKnown = place.Prefix == prefix && nowMs - place.SeenMs <= LifeMs;
        place = (prefix, nowMs);
        return isKnown;
    }
}
