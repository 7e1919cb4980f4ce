using Sahab.Ledger.Claims;
using Sahab.Server.Sell.Metering;

namespace Sahab.Server.Serve.Incidents;

/// <summary>Finds when clouds were not there.</summary>
internal sealed class IncidentDesk(UsageStore usage, TimeProvider time)
{
    /// <summary>How far back one may ask, in days.</summary>
    public const int MaxDays = 92;

    /// <summary>How far back is looked where nothing is said, in days.</summary>
    public const int DefaultDays = 7;

    /// <summary>The outages of the last days, the last to begin first.</summary>
    /// <param name="days">From 1 to <see cref="MaxDays"/>.</param>
    public async Task<IReadOnlyList<Outage>> FindAsync(int days, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        return Outages.Find(await usage.BadSlotsAsync(now.AddDays(-days), now.AddDays(1), cancellation), now);
    }
}
