using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Sell.Tenants.Accounts;
using Sahab.Server.Serve.Snapshots;

namespace Sahab.Server.Serve.Gateway;

/// <summary>
/// Counts keys that nobody has by the address that they came from, and asks who tries many to wait. Nothing of it is on
/// the way of a key that is good, whatever else comes from its address.
/// </summary>
internal sealed class KeyGuesses(RequestSite site, MonotonicClock clock)
{
    /// <summary>Unknown keys of an address at once; the next is answered with 429.</summary>
    public const int AtOnce = 60;

    /// <summary>How soon it may try another.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    readonly AttemptLimiter _misses = new(AtOnce, Interval);

    /// <summary>What to answer to a call without a good key, which is counted where the key is unknown.</summary>
    public static GatewayError Refuse(HttpContext context, KeyFault fault) => fault switch
    {
        KeyFault.Missing => GatewayError.MissingKey(),
        KeyFault.Unknown => context.RequestServices.GetRequiredService<KeyGuesses>().NoteMiss(context, fault) is { } waitMs
            ? GatewayError.TooManyUnknownKeys(waitMs)
            : GatewayError.UnknownKey(),
        _ => GatewayError.EndedKey(fault),
    };

    /// <summary>Counts an unknown key. Milliseconds to wait where there were too many; null otherwise.</summary>
    public long? NoteMiss(HttpContext context, KeyFault fault)
    {
        if (fault != KeyFault.Unknown)
        {
            return null;
        }

        var wait = _misses.Take(site.ClientOf(context), clock.NowMs);
        return wait == TimeSpan.Zero ? null : (long)wait.TotalMilliseconds;
    }
}
