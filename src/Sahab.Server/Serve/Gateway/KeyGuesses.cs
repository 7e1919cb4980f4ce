using Sahab.Server.Hosting;
using Sahab.Server.Sell.Tenants.Accounts;
using Sahab.Server.Serve.Snapshots;

namespace Sahab.Server.Serve.Gateway;

/// <summary>
/// Counts keys that nobody has by the address that they came from, and asks who tries many to wait. Nothing of it is on
/// the way of a key that is good, whatever else comes from its address.
/// </summary>
internal sealed class KeyGuesses(RequestSite site, MonotonicClock clock)
{
    /// <summary>Unknown keys of an address in a minute; the next is answered with 429.</summary>
    public const int MaxPerMinute = 60;

    /// <summary>Addresses that are told apart at a time. Two that fall together are counted together.</summary>
    public const int MaxAddresses = 4096;

    const long WindowMs = 60_000;

    readonly Lock _counting = new();
    readonly (long FromMs, int Count)[] _slots = new (long, int)[MaxAddresses];

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

        // The runtime seeds it anew in each process: nobody can choose addresses that fall together.
        var hash = site.ClientOf(context).GetHashCode(StringComparison.Ordinal);
        var nowMs = clock.NowMs;
        lock (_counting)
        {
            ref var slot = ref _slots[(uint)hash % MaxAddresses];
            if (slot.Count == 0 || nowMs - slot.FromMs >= WindowMs)
            {
                slot = (nowMs, 1);
                return null;
            }

            slot.Count = Math.Min(slot.Count + 1, MaxPerMinute + 1);
            return slot.Count > MaxPerMinute ? Math.Max(1, slot.FromMs + WindowMs - nowMs) : null;
        }
    }
}
