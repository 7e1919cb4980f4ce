using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Access;

namespace Sahab.Server.Sell.Tenants.Accounts;

/// <summary>
/// Counts sessions and access tokens that nobody has, or no longer, by the client that showed them, and asks who shows many
/// to wait. Nothing of it is on the way of one that is good, whatever else its client shows.
/// </summary>
internal sealed class TokenGuesses(RequestSite site, MonotonicClock clock)
{
    /// <summary>Of a client at once, and how soon there is another.</summary>
    public const int AtOnce = 60;

    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    readonly AttemptLimiter _misses = new(AtOnce, Interval);

    /// <summary>What to answer to one that is not good.</summary>
    /// <param name="refusal">The answer until there were too many.</param>
    public ControlProblem Refuse(HttpContext context, ControlProblem refusal)
    {
        var wait = _misses.Take(site.ClientOf(context), clock.NowMs);
        return wait == TimeSpan.Zero ? refusal : ControlError.TooMany(
            "Too many sessions or access tokens that are not known came from this address. Wait, and sign in anew.", wait);
    }
}
